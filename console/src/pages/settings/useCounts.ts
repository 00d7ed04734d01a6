import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

const COUNTED = [
  ["automations", "automations"],
  ["users", "users"],
  ["registrations", "registrations"],
  ["integrations", "integrations"],
  ["tokens", "tokens"],
  ["active_runs", "activeRuns"],
] as const;

/** How much would go with a project. */
export function useCounts(projectId: string) {
  return useQuery({
    queryKey: ["projects", projectId, "counts"],
    staleTime: 0,
    queryFn: async () => {
      const contents = await unwrap(
        api.GET("/api/v1/projects/{projectId}/contents", { params: { path: { projectId } } }),
      );
      return COUNTED.map(([what, name]) => ({ what, count: contents[name] }));
    },
  });
}
