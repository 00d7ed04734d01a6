import { useQuery } from "@tanstack/react-query";
import { type Fault, api, unwrap } from "../../../../api/client";
import { automationKey } from "../../automationKey";

/** Warnings keep nothing from being published: it may be meant so. */
export interface Found {
  faults: Fault[];
  warnings: Fault[];
}

const NOTHING: Found = { faults: [], warnings: [] };

/** What keeps the saved draft from being run and published; checked after each save. */
export function useFaults(
  path: { projectId: string; automationId: string },
  revision: number,
): Found {
  const checked = useQuery({
    queryKey: [...automationKey(path), "faults", revision],
    placeholderData: (before: Found | undefined) => before,
    queryFn: (): Promise<Found> =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/automations/{automationId}/validate", {
          params: { path },
        }),
      ),
  });
  return checked.data ?? NOTHING;
}
