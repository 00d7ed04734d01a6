import { useQuery } from "@tanstack/react-query";
import { type Fault, api, unwrap } from "../../../../api/client";
import { automationKey } from "./useDraft";

/** What keeps the saved draft from being run and published; checked after each save. */
export function useFaults(
  path: { projectId: string; automationId: string },
  revision: number,
): Fault[] {
  const checked = useQuery({
    queryKey: [...automationKey(path), "faults", revision],
    placeholderData: (before: Fault[] | undefined) => before,
    queryFn: async () => {
      const answer = await unwrap(
        api.POST("/api/v1/projects/{projectId}/automations/{automationId}/validate", {
          params: { path },
        }),
      );
      return answer.faults;
    },
  });
  return checked.data ?? [];
}
