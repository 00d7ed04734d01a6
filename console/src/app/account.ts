import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import type { components } from "../api/schema";

export type Account = components["schemas"]["AccountView"];
export type Project = components["schemas"]["ProjectView"];

export const ACCOUNT = ["account"];

/** The account that is signed in; fails with code 900 when none is. */
export function useAccount() {
  return useQuery({ queryKey: ACCOUNT, queryFn: () => unwrap(api.GET("/api/v1/account")) });
}

/** The project of the page. */
export function useProject(projectId: string) {
  return useQuery({
    queryKey: ["projects", projectId],
    enabled: projectId !== "",
    queryFn: () =>
      unwrap(api.GET("/api/v1/projects/{projectId}", { params: { path: { projectId } } })),
  });
}
