import { Anchor, Paper, SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { Took } from "../../components/Took";
import { Moment } from "../../components/Moment";
import { ShortId } from "../../components/ShortId";
import { startedBy } from "./startedBy";

type Details = components["schemas"]["RunDetails"];

/** Who, what, when and how long; the runs that called this one and that it called. */
export function Facts({ projectId, run }: { projectId: string; run: Details }) {
  const { t } = useTranslation();
  const called = useCalled(projectId, run);
  return (
    <Paper withBorder p="lg">
      <SimpleGrid component="dl" m={0} cols={{ base: 2, sm: 3, lg: 6 }}>
        <Fact name={t("runs.user")}>
          {run.userId ? (
            <Anchor
              component={Link}
              inherit
              underline="always"
              to={`/projects/${projectId}/statistics?user=${encodeURIComponent(run.userId)}`}
            >
              {run.userId}
            </Anchor>
          ) : (
            t("runs.developer")
          )}
        </Fact>
        <Fact name={t("runs.trigger")}>{startedBy(run, t)}</Fact>
        <Fact name={t("runs.versionName")}>{run.version || t("runs.draft")}</Fact>
        <Fact name={t("runs.started")}>
          <Moment at={run.startedAt} seconds />
        </Fact>
        <Fact name={t("runs.duration")}>
          <Took {...run} />
        </Fact>
        {run.restoredAt !== null && (
          <Fact name={t("runs.restored")}>
            <Moment at={run.restoredAt} seconds /> · {t("runs.restoredMeaning")}
          </Fact>
        )}
        <Fact name={t("runs.id")}>
          <ShortId id={run.id} label={t("runs.id")} />
        </Fact>
        {run.parentRunId && (
          <Fact name={t("runs.parent")}>
            <RunLink projectId={projectId} runId={run.parentRunId} name={t("runs.open")} />
          </Fact>
        )}
        {called.map((one) => (
          <Fact key={one.id} name={t("runs.child")}>
            <RunLink
              projectId={projectId}
              runId={one.id}
              name={one.automationName ?? t("runs.deletedAutomation")}
            />
            {` · ${t(`runs.status_${one.status}`)}`}
          </Fact>
        ))}
      </SimpleGrid>
    </Paper>
  );
}

/** The runs of other automations that a run's steps called: their ids begin with its own. */
function useCalled(projectId: string, run: Details) {
  const found = useQuery({
    queryKey: ["projects", projectId, "run", run.id, "called"],
    refetchInterval: run.endedAt === null ? 3000 : false,
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/runs", {
          params: { path: { projectId }, query: { search: run.id, limit: 100 } },
        }),
      ),
  });
  return found.data?.items.filter((one) => one.parentRunId === run.id) ?? [];
}

function RunLink(props: { projectId: string; runId: string; name: string }) {
  return (
    <Anchor
      component={Link}
      inherit
      underline="always"
      to={`/projects/${props.projectId}/runs/${encodeURIComponent(props.runId)}`}
    >
      {props.name}
    </Anchor>
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
