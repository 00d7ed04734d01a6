import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";

export type Run = components["schemas"]["RunView"];
export type Status = Run["status"];

const HOUR = 3_600_000;
export const PERIODS = { hour: HOUR, day: 24 * HOUR, week: 168 * HOUR, month: 720 * HOUR };
export type Period = keyof typeof PERIODS;

export interface RunFilters {
  search: string;
  status: Status | null;
  automationId: string | null;
  /** Empty: the developer's own runs; null: everybody's. */
  userId: string | null;
  period: Period | null;
}

/**
 * The runs that the filters let through, the newest first, kept up to date. Runs that began after
 * the list was shown are held back until they are asked for, so that nothing moves under the hand.
 */
export function useRuns(projectId: string, filters: RunFilters) {
  const { search, status, automationId, userId, period } = filters;
  const query = useInfiniteQuery({
    queryKey: ["projects", projectId, "runs", filters],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    refetchInterval: 5000,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/runs", {
          params: {
            path: { projectId },
            query: {
              search,
              status,
              automationId,
              userId,
              from: period && Date.now() - PERIODS[period],
              limit: 25,
              cursor: pageParam,
            },
          },
        }),
      ),
    getNextPageParam: (page) => page.nextCursor,
    select: ({ pages }) => pages.flatMap((page) => page.items),
  });
  const key = JSON.stringify(filters);
  const [shown, setShown] = useState({ key: "", upTo: 0 });
  const newest = query.data?.[0]?.startedAt;
  if (newest !== undefined && !query.isPlaceholderData && shown.key !== key) {
    setShown({ key, upTo: newest });
  }
  const upTo = shown.key === key ? shown.upTo : Infinity;
  const runs = query.data?.filter((run) => run.startedAt <= upTo);
  return {
    query,
    runs,
    held: (query.data?.length ?? 0) - (runs?.length ?? 0),
    showHeld: () => setShown({ key, upTo: newest ?? 0 }),
  };
}
