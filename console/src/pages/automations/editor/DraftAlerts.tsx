import { Alert, Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../../api/client";
import { worded, wordedError } from "../../../app/wording";
import { useTold } from "./draft/useTold";
import type { Draft } from "./draft/useDraft";

/** Why the draft is not saved, and what can be done about it. */
export function DraftAlerts({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const toldOf = useTold(draft.definition);
  if (draft.state === "conflict") {
    return (
      <Alert color="orange" role="alert" title={t("automations.conflict")}>
        <Text size="sm">{t("automations.conflictText")}</Text>
        <Group mt="sm">
          <Button size="xs" variant="default" onClick={() => void draft.takeTheirs()}>
            {t("automations.takeTheirs")}
          </Button>
          <Button size="xs" color="red" variant="light" onClick={() => void draft.keepMine()}>
            {t("automations.keepMine")}
          </Button>
        </Group>
      </Alert>
    );
  }
  if (draft.state !== "failed") return null;
  const faults = draft.error instanceof ApiError ? draft.error.faults : [];
  return (
    <Alert color="red" role="alert">
      <Text size="sm">{draft.error && wordedError(draft.error)}</Text>
      {faults.map((fault) => (
        <Text key={fault.path + fault.message} size="sm">
          {toldOf(fault).name}: {worded(fault)}
        </Text>
      ))}
      <Button size="xs" mt="sm" variant="default" onClick={() => void draft.flush()}>
        {t("automations.saveAgain")}
      </Button>
    </Alert>
  );
}
