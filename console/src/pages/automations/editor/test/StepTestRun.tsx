import { Alert, Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, unwrap } from "../../../../api/client";
import { ErrorAlert } from "../../../../components/ErrorAlert";
import { Json } from "../../../../components/Json";
import { Pauses } from "../../../../components/Pauses";
import { StateBadge } from "../../../../components/StateBadge";
import { StepDetails } from "../../../../components/StepDetails";
import { type Step, blocksOf } from "../draft/model";
import { samplesKey } from "../data/samples";

interface Props {
  projectId: string;
  automationId: string;
  step: Step;
  runId: string;
}

const LOOK_MS = 500;

/** How the test of a step goes: what it waits for, what went in and came out. */
export function StepTestRun({ projectId, automationId, step, runId }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const run = useQuery({
    queryKey: ["projects", projectId, "run", runId, "step-test"],
    refetchInterval: (query) => (isLive(query.state.data?.status ?? "running") ? LOOK_MS : false),
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/runs/{runId}", {
          params: { path: { projectId, runId } },
        }),
      ),
  });
  const status = run.data?.status;
  useEffect(() => {
    if (status === "completed")
      void queries.invalidateQueries({ queryKey: samplesKey({ projectId, automationId }) });
  }, [queries, status, projectId, automationId]);
  if (!run.data || status === undefined)
    return run.error ? <ErrorAlert error={run.error} /> : <Skeleton height={120} />;
  const { message, pauses, steps, result } = run.data;
  const own = steps.find(({ stepId }) => stepId === step.id);
  const isHolder = blocksOf(step, []).length > 0;
  return (
    <Stack gap="sm" component="section" aria-label={t("editor.testResult")}>
      <Group justify="space-between">
        <Title order={4}>{t("editor.testResult")}</Title>
        <div role="status">
          <StateBadge state={status} label={t(`automations.run_${status}`)} />
        </div>
      </Group>
      <Pauses projectId={projectId} runId={runId} pauses={pauses} />
      {status === "error" && !own?.error && (
        <Alert color="red" title={t("runs.error")}>
          {message}
        </Alert>
      )}
      {own && !isHolder ? (
        <StepDetails step={own} />
      ) : (
        status === "completed" && (
          <div>
            <Text size="sm" fw={500} mb={4}>
              {t("runs.output")}
            </Text>
            <Json value={result} label={t("runs.output")} />
          </div>
        )
      )}
      <Group>
        <Button
          component={Link}
          to={`/projects/${projectId}/runs/${encodeURIComponent(runId)}`}
          variant="subtle"
          size="compact-sm"
        >
          {t("automations.openRun")}
        </Button>
      </Group>
    </Stack>
  );
}

function isLive(status: string): boolean {
  return status === "running" || status === "paused";
}
