import { Alert, Anchor, Group, Skeleton, Stack, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, unwrap } from "../../api/client";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Json } from "../../components/Json";
import { Pauses } from "../../components/Pauses";
import { StateBadge } from "../../components/StateBadge";
import { Steps } from "../../components/Steps";
import { Actions } from "./Actions";
import { Facts } from "./Facts";
import type { Status } from "./useRuns";

const LIVE_MS = 1500;
/** So long after an action the engine may still be about to follow. */
const FOLLOWING_MS = 15_000;

const isLive = (status: Status | undefined) => status === "running" || status === "paused";

/** One run: how it stands, what it waits for, what each step got and gave. */
export default function Run() {
  const { t } = useTranslation();
  const { id: projectId = "", rid: runId = "" } = useParams();
  const [actedAt, setActedAt] = useState(0);
  const run = useQuery({
    queryKey: ["projects", projectId, "run", runId],
    refetchInterval: (query) =>
      isLive(query.state.data?.status) || Date.now() < actedAt + FOLLOWING_MS ? LIVE_MS : false,
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/runs/{runId}", {
          params: { path: { projectId, runId } },
        }),
      ),
  });
  const found = run.data;
  return (
    <Stack gap="lg">
      <Anchor component={Link} to={`/projects/${projectId}/runs`} size="sm">
        ← {t("runs.back")}
      </Anchor>
      <ErrorAlert error={run.error} />
      {run.isPending && <Skeleton height={560} />}
      {found && (
        <>
          <Group justify="space-between" align="flex-start">
            <Group>
              <Title order={1}>{found.automationName ?? t("runs.deletedAutomation")}</Title>
              <div role="status">
                <StateBadge state={found.status} label={t(`runs.status_${found.status}`)} />
              </div>
            </Group>
            <Actions projectId={projectId} run={found} onActed={() => setActedAt(Date.now())} />
          </Group>
          {found.status === "error" && found.message && (
            <Alert color="red" title={t("runs.failed")}>
              {found.message}
            </Alert>
          )}
          <Pauses projectId={projectId} runId={runId} pauses={found.pauses} />
          <Facts projectId={projectId} run={found} />
          <Steps
            projectId={projectId}
            runId={runId}
            isLive={isLive(found.status)}
            isPaused={found.status === "paused"}
          />
          {found.status === "completed" && (
            <Stack gap="xs" component="section" aria-label={t("runs.result")}>
              <Title order={2} size="h4">
                {t("runs.result")}
              </Title>
              <Json value={found.result} label={t("runs.result")} />
            </Stack>
          )}
        </>
      )}
    </Stack>
  );
}
