import { Alert, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Json } from "../../../../components/Json";
import { Pauses } from "../../../../components/Pauses";
import { StateBadge } from "../../../../components/StateBadge";
import { duration } from "../../../../components/duration";
import { STEPS_SHOWN, type RunDetails, useShownRun } from "./useTestRun";

interface Props {
  path: { projectId: string; automationId: string };
  run: RunDetails;
  onSelect: (id: string) => void;
}

/** How a run stands, what it waits for, where it failed, what it gave. */
export function RunSummary({ path, run, onSelect }: Props) {
  const { t, i18n } = useTranslation();
  const { standings, retry, show } = useShownRun();
  const { projectId } = path;
  const failed = [...standings].findLast(([, { state }]) => state === "error")?.[0];
  return (
    <Stack component="section" gap="sm" aria-label={t("automations.testRun")}>
      <Group justify="space-between">
        <Title order={3}>
          {run.version ? t("testing.runOf", { version: run.version }) : t("automations.testRun")}
        </Title>
        <div role="status">
          <StateBadge state={run.status} label={t(`automations.run_${run.status}`)} />
        </div>
      </Group>
      {run.version > 0 && (
        <Text size="sm" c="dimmed">
          {t("testing.otherVersion")}
        </Text>
      )}
      {run.message && run.pauses.length === 0 && (
        <Alert color={run.status === "error" ? "red" : "gray"}>
          <Text size="sm">{run.message}</Text>
        </Alert>
      )}
      <Pauses projectId={projectId} runId={run.id} pauses={run.pauses} />
      <Group gap="xs">
        {run.status === "error" && failed && (
          <Button size="xs" onClick={() => onSelect(failed)}>
            {t("testing.showFailed")}
          </Button>
        )}
        {run.status === "error" && (
          <Button size="xs" variant="default" onClick={retry}>
            {t("runs.retry")}
          </Button>
        )}
        <Button
          component={Link}
          to={`/projects/${projectId}/runs/${encodeURIComponent(run.id)}`}
          variant="default"
          size="xs"
        >
          {t("automations.openRun")}
        </Button>
        <Button variant="subtle" size="xs" onClick={() => show(null)}>
          {t("testing.clear")}
        </Button>
      </Group>
      {run.endedAt !== null && (
        <Text size="sm" c="dimmed">
          {t("testing.took", {
            span: duration(run.endedAt - run.startedAt - run.waitedMs, i18n.language),
          })}
        </Text>
      )}
      {run.nextStepsCursor !== null && (
        <Text size="sm" c="dimmed">
          {t("testing.firstSteps", { count: STEPS_SHOWN })}
        </Text>
      )}
      {run.status === "completed" && (
        <>
          <Text size="sm" fw={500}>
            {t("automations.result")}
          </Text>
          <Json value={run.result} label={t("automations.result")} />
        </>
      )}
    </Stack>
  );
}
