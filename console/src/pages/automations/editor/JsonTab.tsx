import { Alert, Button, CopyButton, FileButton, Group, Stack, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { parse, stringify } from "../../../api/json";
import type { Fault } from "../../../api/client";
import { download, exported, imported } from "../exchange";
import { FaultList } from "./FaultList";
import { useKept } from "./draft/kept";
import type { Definition } from "./draft/model";
import type { Draft } from "./draft/useDraft";

interface Props {
  name: string;
  draft: Draft;
  faults: Fault[];
  warnings: Fault[];
}

/** The definition as text: what is JSON is taken as the draft at once. */
export function JsonTab({ name, draft, faults, warnings }: Props) {
  const { t } = useTranslation();
  const [typed, setTyped] = useKept<{ text: string; of: Definition } | null>("json", null);
  const [isForeign, setForeign] = useState(false);
  // What changed otherwise (undo, another's draft) replaces what was typed.
  const text = typed?.of === draft.definition ? typed.text : stringify(draft.definition, 2);
  const problem = problemOf(text);
  const change = (next: string) => {
    const value = problemOf(next) === null ? definitionOf(next) : draft.definition;
    setTyped({ text: next, of: value });
    if (value !== draft.definition) draft.edit(() => value, "json");
  };
  const replace = async (file: File | null) => {
    const found = file && imported(await file.text(), name);
    setForeign(file !== null && found === null);
    if (found) draft.edit(() => found.definition as unknown as Definition);
  };
  return (
    <Stack>
      <FaultList faults={faults} warnings={warnings} draft={draft} />
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
      {isForeign && (
        <Alert color="red" role="alert">
          {t("automations.importBad")}
        </Alert>
      )}
      <Group>
        <Button variant="default" onClick={() => download(name, draft.shown)}>
          {t("automations.export")}
        </Button>
        <CopyButton value={exported(name, draft.shown)}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? t("automations.copied") : t("automations.exportCopy")}
            </Button>
          )}
        </CopyButton>
        <FileButton accept="application/json,.json" onChange={(file) => void replace(file)}>
          {(props) => (
            <Button {...props} variant="default">
              {t("automations.replaceByFile")}
            </Button>
          )}
        </FileButton>
      </Group>
    </Stack>
  );
}

/** Also of an exported automation that was pasted whole. */
function definitionOf(text: string): Definition {
  const found = imported(text, "")?.definition ?? parse(text);
  return found as Definition;
}

function problemOf(text: string): string | null {
  try {
    const value = parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? null : "{…}";
  } catch (error) {
    return (error as Error).message;
  }
}
