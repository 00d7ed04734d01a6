import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

const COUNTED = 100;

/** How many are registered to an automation's trigger; `shown` says when there are more than counted. */
export function useRegistrationCount(
  path: { projectId: string; automationId: string },
  isWanted = true,
): { number: number; shown: string } | null {
  const { projectId, automationId } = path;
  const found = useQuery({
    queryKey: ["projects", projectId, "automation", automationId, "registrations"],
    enabled: isWanted,
    staleTime: 0,
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/registrations", {
          params: { path: { projectId }, query: { automationId, limit: COUNTED } },
        }),
      ),
  });
  if (!found.data) return null;
  const number = found.data.items.length;
  return { number, shown: found.data.nextCursor ? `${number}+` : String(number) };
}
