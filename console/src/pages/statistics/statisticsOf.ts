import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { faultsOf } from "../../components/faults";

/**
 * A project in numbers, with a chart of so many days of the browser's time zone.
 *
 * `unknownZone` is that time zone where the server does not know it: then the days are those of UTC.
 */
export function statisticsOf(projectId: string, days: number) {
  return queryOptions({
    queryKey: ["projects", projectId, "statistics", days],
    refetchInterval: 15_000,
    queryFn: async () => {
      const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
      try {
        return { ...(await read(projectId, days, timeZone)), unknownZone: null };
      } catch (error) {
        if (!(error instanceof Error) || !("timeZone" in faultsOf(error))) throw error;
        return { ...(await read(projectId, days, "UTC")), unknownZone: timeZone };
      }
    },
  });
}

function read(projectId: string, days: number, timeZone: string) {
  return unwrap(
    api.GET("/api/v1/projects/{projectId}/statistics", {
      params: { path: { projectId }, query: { days, timeZone } },
    }),
  );
}
