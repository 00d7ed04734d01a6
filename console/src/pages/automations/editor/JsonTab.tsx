import { Alert, Button, Group, Stack, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../../api/client";
import { FaultList } from "./FaultList";
import type { Definition } from "./model";
import type { Draft } from "./useDraft";

interface Props {
  name: string;
  draft: Draft;
  faults: Fault[];
}

/** The definition as text: what is JSON is taken as the draft at once. */
export function JsonTab({ name, draft, faults }: Props) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState<{ text: string; of: Definition } | null>(null);
  // What changed otherwise (undo, another's draft) replaces what was typed.
  const text =
    typed?.of === draft.definition ? typed.text : JSON.stringify(draft.definition, null, 2);
  const problem = problemOf(text);
  const change = (next: string) => {
    const value = problemOf(next) === null ? (JSON.parse(next) as Definition) : draft.definition;
    setTyped({ text: next, of: value });
    if (value !== draft.definition) draft.edit(() => value, "json");
  };
  const download = () => {
    const file = new Blob([JSON.stringify({ name, definition: draft.definition }, null, 2)], {
      type: "application/json",
    });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `${name.replace(/[^\p{L}\p{N}]+/gu, "-")}.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <Stack>
      <FaultList faults={faults} draft={draft} />
      <Textarea
        label={t("automations.definition")}
        description={t("automations.jsonHint")}
        autosize
        minRows={16}
        maxRows={36}
        spellCheck={false}
        styles={{ input: { fontFamily: "monospace", fontSize: "0.85rem" } }}
        value={text}
        error={problem && t("automations.jsonBad", { message: problem })}
        onChange={(event) => change(event.currentTarget.value)}
      />
      {problem && <Alert color="orange">{t("automations.jsonKept")}</Alert>}
      <Group>
        <Button variant="default" onClick={download}>
          {t("automations.export")}
        </Button>
      </Group>
    </Stack>
  );
}

function problemOf(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? null : "{…}";
  } catch (error) {
    return (error as Error).message;
  }
}
