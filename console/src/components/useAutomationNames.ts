import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";

/** A project's automations to choose from. */
export function useAutomationNames(projectId: string) {
  return useQuery({
    queryKey: ["projects", projectId, "automation-names"],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/automations", {
          params: { path: { projectId }, query: { limit: 200 } },
        }),
      ),
  });
}
