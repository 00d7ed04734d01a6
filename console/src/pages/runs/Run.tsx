import {
  Anchor,
  Button,
  Group,
  Paper,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
  Title,
} from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Json } from "../../components/Json";
import { Moment } from "../../components/Moment";
import { StateBadge } from "../../components/StateBadge";
import { Pauses } from "./Pauses";
import { Steps } from "./Steps";

type Details = components["schemas"]["RunDetails"];

const LIVE_MS = 1500;
/** So long after an action the engine may still be about to follow. */
const FOLLOWING_MS = 15_000;

export function isLive(status: Details["status"] | undefined): boolean {
  return status === "running" || status === "paused";
}

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
  if (run.error) return <ErrorAlert error={run.error} />;
  if (!run.data) return <Skeleton height={420} />;
  const found = run.data;
  return (
    <Stack gap="lg">
      <Anchor component={Link} to={`/projects/${projectId}/runs`} size="sm">
        ← {t("runs.back")}
      </Anchor>
      <Group justify="space-between" align="flex-start">
        <Group>
          <Title order={1}>{found.automationName ?? t("runs.deletedAutomation")}</Title>
          <div role="status">
            <StateBadge state={found.status} label={t(`runs.status_${found.status}`)} />
          </div>
        </Group>
        <Actions projectId={projectId} run={found} onActed={() => setActedAt(Date.now())} />
      </Group>
      {found.message && <Text>{found.message}</Text>}
      <Pauses projectId={projectId} runId={runId} pauses={found.pauses} />
      <Facts projectId={projectId} run={found} />
      <Steps projectId={projectId} runId={runId} isLive={isLive(found.status)} />
      {found.status === "completed" && (
        <Stack gap="xs" component="section" aria-label={t("runs.result")}>
          <Title order={2} size="h4">
            {t("runs.result")}
          </Title>
          <Json value={found.result} label={t("runs.result")} />
        </Stack>
      )}
    </Stack>
  );
}

interface ActionsProps {
  projectId: string;
  run: Details;
  onActed: () => void;
}

function Actions({ projectId, run, onActed }: ActionsProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = { projectId, runId: run.id };
  const onSettled = () => {
    onActed();
    return queries.invalidateQueries({ queryKey: ["projects", projectId] });
  };
  const cancel = useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/v1/projects/{projectId}/runs/{runId}/cancel", { params: { path } })),
    onSuccess: () => notifications.show({ message: t("runs.canceling") }),
    onSettled,
  });
  const retry = useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/v1/projects/{projectId}/runs/{runId}/retry", { params: { path } })),
    onSuccess: () => notifications.show({ message: t("runs.retrying") }),
    onSettled,
  });
  const ask = () =>
    modals.openConfirmModal({
      title: t("runs.cancelTitle"),
      children: <Text size="sm">{t("runs.cancelText")}</Text>,
      labels: { confirm: t("runs.cancel"), cancel: t("runs.keep") },
      confirmProps: { color: "red" },
      onConfirm: () => cancel.mutate(),
    });
  return (
    <Stack gap="xs" align="flex-end">
      <Group>
        <Button
          component="a"
          variant="default"
          href={run.temporalUiUrl}
          target="_blank"
          rel="noreferrer"
        >
          {t("runs.temporal")} ↗
        </Button>
        {run.status === "error" && (
          <Button loading={retry.isPending} onClick={() => retry.mutate()}>
            {t("runs.retry")}
          </Button>
        )}
        {isLive(run.status) && (
          <Button color="red" variant="light" loading={cancel.isPending} onClick={ask}>
            {t("runs.cancel")}
          </Button>
        )}
      </Group>
      <ErrorAlert error={cancel.error ?? retry.error} />
    </Stack>
  );
}

function Facts({ projectId, run }: { projectId: string; run: Details }) {
  const { t } = useTranslation();
  return (
    <Paper withBorder p="lg">
      <SimpleGrid component="dl" m={0} cols={{ base: 2, sm: 3, lg: 6 }}>
        <Fact name={t("runs.user")}>{run.userId || t("runs.developer")}</Fact>
        <Fact name={t("runs.trigger")}>{run.trigger}</Fact>
        <Fact name={t("runs.versionName")}>{run.version || t("runs.draft")}</Fact>
        <Fact name={t("runs.started")}>
          <Moment at={run.startedAt} seconds />
        </Fact>
        <Fact name={t("runs.ended")}>
          {run.endedAt ? <Moment at={run.endedAt} seconds /> : "–"}
        </Fact>
        <Fact name={t("runs.id")}>{run.id}</Fact>
        {run.parentRunId && (
          <Fact name={t("runs.parent")}>
            <Anchor
              component={Link}
              to={`/projects/${projectId}/runs/${encodeURIComponent(run.parentRunId)}`}
            >
              {t("runs.open")}
            </Anchor>
          </Fact>
        )}
      </SimpleGrid>
    </Paper>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text component="dt" size="xs" c="dimmed">
        {name}
      </Text>
      <Text component="dd" size="sm" m={0} style={{ overflowWrap: "anywhere" }}>
        {children}
      </Text>
    </div>
  );
}
