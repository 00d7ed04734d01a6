import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

const MOST = 200;

export type Counted =
  "automations" | "users" | "registrations" | "integrations" | "tokens" | "active_runs";

export interface Count {
  what: Counted;
  count: number;
  /** There are more than were counted. */
  isMore: boolean;
}

/** How much would go with a project; lists are counted up to one page. */
export function useCounts(projectId: string) {
  return useQuery({
    queryKey: ["projects", projectId, "counts"],
    staleTime: 0,
    queryFn: () => count(projectId),
  });
}

async function count(projectId: string): Promise<Count[]> {
  const path = { projectId };
  const limit = MOST;
  const page = { params: { path, query: { limit } } };
  const root = "/api/v1/projects/{projectId}";
  const [statistics, automations, integrations, tokens, running, paused] = await Promise.all([
    unwrap(api.GET(`${root}/statistics`, { params: { path, query: { days: 1 } } })),
    unwrap(api.GET(`${root}/automations`, page)),
    unwrap(api.GET(`${root}/integrations`, { params: { path } })),
    unwrap(api.GET(`${root}/tokens`, page)),
    unwrap(api.GET(`${root}/runs`, { params: { path, query: { limit, status: "running" } } })),
    unwrap(api.GET(`${root}/runs`, { params: { path, query: { limit, status: "paused" } } })),
  ]);
  const all = (what: Counted, number: number): Count => ({ what, count: number, isMore: false });
  const counted = (what: Counted, ...lists: List[]): Count => ({
    what,
    count: lists.reduce((sum, list) => sum + list.items.length, 0),
    isMore: lists.some((list) => Boolean(list.nextCursor)),
  });
  return [
    counted("automations", automations),
    all("users", statistics.users),
    all("registrations", statistics.registrations),
    all("integrations", integrations.items.length),
    counted("tokens", tokens),
    counted("active_runs", running, paused),
  ];
}

interface List {
  items: unknown[];
  nextCursor?: string | null;
}
