import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../../../api/client";
import { automationKey } from "../../automationKey";

/** A published version with its definition; it never changes. */
export function useVersion(
  path: { projectId: string; automationId: string },
  number: number | null,
) {
  return useQuery({
    queryKey: [...automationKey(path), "version", number],
    enabled: number !== null,
    staleTime: Infinity,
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/automations/{automationId}/versions/{number}", {
          params: { path: { ...path, number: number ?? 0 } },
        }),
      ),
  });
}
