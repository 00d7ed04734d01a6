import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";

type Automation = components["schemas"]["AutomationSummary"];
type Run = components["schemas"]["RunView"];
type Token = components["schemas"]["TokenView"];

export const STEPS = ["make", "test", "publish", "token", "run"] as const;
export type Step = (typeof STEPS)[number];

export interface Progress {
  done: Record<Step, boolean>;
  /** The first step that is not done; null: all are. */
  next: Step | null;
  /** The automation that the steps are about. */
  automation: Automation | null;
}

const LOOK_MS = 4_000;

export const progressKey = (projectId: string) => ["projects", projectId, "start"];

/** How far the project is on its way to a first run, by what the API says. */
export function useProgress(projectId: string, isWanted = true) {
  return useQuery({
    queryKey: progressKey(projectId),
    enabled: isWanted,
    // What is done in a terminal or in another tab is ticked as well.
    refetchInterval: (query) => (query.state.data?.next === null ? false : LOOK_MS),
    queryFn: async () => {
      const path = { projectId };
      const [automations, runs, tokens] = await Promise.all([
        unwrap(
          api.GET("/api/v1/projects/{projectId}/automations", {
            params: { path, query: { limit: 100 } },
          }),
        ),
        unwrap(
          api.GET("/api/v1/projects/{projectId}/runs", {
            params: { path, query: { status: "completed", limit: 50 } },
          }),
        ),
        unwrap(
          api.GET("/api/v1/projects/{projectId}/tokens", {
            params: { path, query: { limit: 100 } },
          }),
        ),
      ]);
      return progressOf(automations.items, runs.items, tokens.items);
    },
  });
}

/** `runs`: the newest that completed. */
export function progressOf(automations: Automation[], runs: Run[], tokens: Token[]): Progress {
  const published = automations.find((one) => one.publishedVersion !== null);
  const hasRun = runs.some((run) => run.version > 0);
  const done = {
    make: automations.length > 0 || hasRun,
    // A project whose automations run has no need of a test.
    test: runs.length > 0,
    publish: published !== undefined || hasRun,
    token: tokens.some((token) => token.revokedAt === null),
    run: hasRun,
  };
  return {
    done,
    next: STEPS.find((step) => !done[step]) ?? null,
    automation: published ?? automations[0] ?? null,
  };
}
