import { ActionIcon, Button, Group, TextInput, Title } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { components } from "../../../api/schema";
import { wordedError } from "../../../app/wording";
import { useRename } from "../useAutomationChanges";
import classes from "./editor.module.css";

interface Props {
  path: { projectId: string; automationId: string };
  automation: components["schemas"]["AutomationView"];
}

/** The automation's name as the page's heading, and how to change it. */
export function Name({ path, automation }: Props) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState<string | null>(null);
  const rename = useRename(path.projectId);
  if (typed === null) {
    return (
      <div>
        <Title order={1} className={classes.title}>
          {automation.name}
        </Title>
        <ActionIcon
          className={classes.rename}
          variant="subtle"
          color="gray"
          aria-label={t("automations.rename")}
          onClick={() => {
            rename.reset();
            setTyped(automation.name);
          }}
        >
          <IconPencil size={18} aria-hidden />
        </ActionIcon>
      </div>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const name = typed.trim();
        if (name) rename.mutate({ id: automation.id, name }, { onSuccess: () => setTyped(null) });
      }}
    >
      <Group gap="xs">
        <TextInput
          autoFocus
          aria-label={t("automations.name")}
          maxLength={200}
          value={typed}
          error={rename.error && wordedError(rename.error)}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Escape" && setTyped(null)}
        />
        <Button type="submit" loading={rename.isPending} disabled={!typed.trim()}>
          {t("common.save")}
        </Button>
        <Button variant="subtle" onClick={() => setTyped(null)}>
          {t("common.cancel")}
        </Button>
      </Group>
    </form>
  );
}
