import { Alert, Button, Group, Stack, Text, Textarea, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, unwrap } from "../../../api/client";
import { ErrorAlert } from "../../../components/ErrorAlert";
import { Json } from "../../../components/Json";
import { StateBadge } from "../../../components/StateBadge";
import { Pauses } from "../../runs/Pauses";
import { Steps } from "../../runs/Steps";
import { isShaped, type JsonObject } from "./model";
import { sampleData } from "./snippets";
import type { Draft } from "./useDraft";

const LOOK_MS = 500;

interface Props {
  path: { projectId: string; automationId: string };
  draft: Draft;
  /** The run that is shown. */
  runId: string | null;
  onRun: (runId: string | null) => void;
}

/** Runs the draft with the developer's own accounts and shows its steps while they run. */
export function TestRun({ path, draft, runId, onRun }: Props) {
  const { t } = useTranslation();
  const { projectId, automationId } = path;
  const [typed, setTyped] = useState(() =>
    JSON.stringify(isShaped(draft.definition) ? sampleData(draft.definition) : {}, null, 2),
  );
  const data = objectOf(typed);
  const newest = async () => {
    const runs = await unwrap(
      api.GET("/api/v1/projects/{projectId}/runs", {
        params: { path: { projectId }, query: { automationId, userId: "", limit: 1 } },
      }),
    );
    return runs.items[0]?.id ?? null;
  };
  const test = useMutation({
    mutationFn: async (body: { data: JsonObject }) => {
      onRun(null);
      if ((await draft.flush()) === null) throw new Error(t("automations.notSaved"));
      const before = await newest();
      // The answer comes when the run ends or pauses: until then it is found in the list.
      const looking = setInterval(() => {
        void newest().then((found) => found !== before && found !== null && onRun(found));
      }, LOOK_MS);
      try {
        return await unwrap(
          api.POST("/api/v1/projects/{projectId}/automations/{automationId}/test", {
            params: { path },
            body,
          }),
        );
      } finally {
        clearInterval(looking);
      }
    },
    onSuccess: (answer) => onRun(answer.runId),
  });
  return (
    <Stack maw={760}>
      <Text c="dimmed">{t("automations.testText")}</Text>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (data) test.mutate({ data });
        }}
      >
        <Stack>
          <Textarea
            label={t("automations.testData")}
            autosize
            minRows={4}
            maxRows={16}
            spellCheck={false}
            styles={{ input: { fontFamily: "monospace" } }}
            value={typed}
            error={data ? null : t("automations.testDataBad")}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Group>
            <Button type="submit" loading={test.isPending} disabled={!data}>
              {t("automations.testStart")}
            </Button>
          </Group>
        </Stack>
      </form>
      <ErrorAlert error={test.error} />
      {runId !== null && <LiveRun projectId={projectId} runId={runId} />}
      {test.isPending && runId === null && <Alert color="blue">{t("automations.starting")}</Alert>}
    </Stack>
  );
}

function LiveRun({ projectId, runId }: { projectId: string; runId: string }) {
  const { t } = useTranslation();
  const run = useQuery({
    queryKey: ["projects", projectId, "run", runId],
    refetchInterval: (query) => (isLive(query.state.data?.status ?? "running") ? LOOK_MS : false),
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/runs/{runId}", {
          params: { path: { projectId, runId } },
        }),
      ),
  });
  if (!run.data) return <ErrorAlert error={run.error} />;
  const { status, message, pauses, result } = run.data;
  return (
    <Stack component="section" aria-label={t("automations.testRun")}>
      <Group>
        <Title order={2}>{t("automations.testRun")}</Title>
        <div role="status">
          <StateBadge state={status} label={t(`automations.run_${status}`)} />
        </div>
        <Button
          component={Link}
          to={`/projects/${projectId}/runs/${encodeURIComponent(runId)}`}
          variant="subtle"
          size="compact-sm"
        >
          {t("automations.openRun")}
        </Button>
      </Group>
      {message && <Text>{message}</Text>}
      <Pauses projectId={projectId} runId={runId} pauses={pauses} />
      <Steps projectId={projectId} runId={runId} isLive={isLive(status)} />
      {status === "completed" && (
        <>
          <Title order={3}>{t("automations.result")}</Title>
          <Json value={result} label={t("automations.result")} />
        </>
      )}
    </Stack>
  );
}

function isLive(status: string): boolean {
  return status === "running" || status === "paused";
}

function objectOf(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
    return isMap ? (value as JsonObject) : null;
  } catch {
    return null;
  }
}
