import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../../../api/client";
import type { components } from "../../../../api/schema";
import { type Definition, type Json, type JsonObject, isShaped } from "../draft/model";
import { samplesKey } from "../data/samples";
import type { Draft } from "../draft/useDraft";
import { type Standing, isLive, standings } from "./standings";

export type RunDetails = components["schemas"]["RunDetails"];

export interface TestInput {
  data: JsonObject;
  event?: Json;
}

/** JSON texts; null: the sample is not changed. */
export interface Typed {
  /** The trigger that they were typed for. */
  of: string;
  data: string | null;
  event: string | null;
  isJson: boolean;
}

/** The run that the flow shows: a test of the draft, or one that was opened from elsewhere. */
export interface TestRun {
  projectId: string;
  run: RunDetails | null;
  standings: Map<string, Standing>;
  /** What was typed for the next test. */
  typed: Typed;
  setTyped: (typed: Typed) => void;
  /** A test was asked for, and has not ended or paused yet. */
  isStarting: boolean;
  error: Error | null;
  start: (input: TestInput) => void;
  /** Goes on with a failed run from the step that failed. */
  retry: () => void;
  show: (runId: string | null) => void;
  /** The error of the last test is not true any more. */
  forget: () => void;
}

const NOTHING_TYPED: Typed = { of: "", data: null, event: null, isJson: false };
const NONE: TestRun = {
  projectId: "",
  run: null,
  standings: new Map(),
  typed: NOTHING_TYPED,
  setTyped: () => undefined,
  isStarting: false,
  error: null,
  start: () => undefined,
  retry: () => undefined,
  show: () => undefined,
  forget: () => undefined,
};

export const TestRunContext = createContext<TestRun>(NONE);

export function useShownRun(): TestRun {
  return useContext(TestRunContext);
}

const LOOK_MS = 500;
/** So long after a retry the engine may still be about to follow. */
const FOLLOWING_MS = 15_000;
/** A loop may have thousands: so many steps of a run are shown. */
export const STEPS_SHOWN = 1000;

/** Runs the draft with the developer's own accounts, and follows the run while it goes on. */
export function useTestRun(
  path: { projectId: string; automationId: string },
  draft: Draft,
  opened: string | null,
): TestRun {
  const { projectId } = path;
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [runId, show] = useState(opened);
  const [typed, setTyped] = useState(NOTHING_TYPED);
  const [followedAt, setFollowedAt] = useState(0);
  const run = useQuery({
    queryKey: ["projects", projectId, "run", runId, "shown"],
    enabled: runId !== null,
    refetchInterval: (query) =>
      isLive(query.state.data?.status ?? "running") || Date.now() < followedAt + FOLLOWING_MS
        ? LOOK_MS
        : false,
    queryFn: () => readRun(projectId, runId ?? ""),
  });
  const test = useMutation({
    mutationFn: async (body: TestInput) => {
      show(null);
      if ((await draft.flush()) === null) throw new Error(t("automations.notSaved"));
      const before = await newestTest(path);
      // The answer comes when the run ends or pauses: until then it is found in the list.
      const looking = setInterval(() => {
        void newestTest(path).then((found) => found !== null && found !== before && show(found));
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
    onSuccess: (answer) => {
      show(answer.runId);
      void queries.invalidateQueries({ queryKey: samplesKey(path) });
    },
  });
  const retry = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/runs/{runId}/retry", {
          params: { path: { projectId, runId: runId ?? "" } },
        }),
      ),
    onSettled: () => {
      setFollowedAt(Date.now());
      return queries.invalidateQueries({ queryKey: ["projects", projectId, "run", runId] });
    },
  });
  const { definition } = draft;
  const found = useStandings(definition, run.data ?? null);
  return {
    projectId,
    run: runId === null ? null : (run.data ?? null),
    standings: found,
    typed,
    setTyped,
    isStarting: test.isPending,
    error: test.error ?? retry.error ?? run.error,
    start: (input) => {
      retry.reset();
      test.mutate(input);
    },
    retry: () => retry.mutate(),
    show,
    forget: () => test.error && test.reset(),
  };
}

function useStandings(definition: Definition, run: RunDetails | null): Map<string, Standing> {
  return useMemo(
    () => (run && isShaped(definition) ? standings(definition, run) : NONE.standings),
    [definition, run],
  );
}

/** The newest run of the draft that the developer started. */
async function newestTest(path: {
  projectId: string;
  automationId: string;
}): Promise<string | null> {
  const { projectId, automationId } = path;
  const runs = await unwrap(
    api.GET("/api/v1/projects/{projectId}/runs", {
      params: { path: { projectId }, query: { automationId, userId: "", limit: 1 } },
    }),
  );
  return runs.items[0]?.id ?? null;
}

async function readRun(projectId: string, runId: string): Promise<RunDetails> {
  const path = { projectId, runId };
  const run = await unwrap(
    api.GET("/api/v1/projects/{projectId}/runs/{runId}", { params: { path } }),
  );
  const steps = [...run.steps];
  let cursor: string | null = run.nextStepsCursor;
  while (cursor !== null && steps.length < STEPS_SHOWN) {
    const page = await unwrap(
      api.GET("/api/v1/projects/{projectId}/runs/{runId}/steps", {
        params: { path, query: { limit: 200, cursor } },
      }),
    );
    steps.push(...page.items);
    cursor = page.nextCursor ?? null;
  }
  return { ...run, steps, nextStepsCursor: cursor };
}
