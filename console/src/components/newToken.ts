import { api, unwrap } from "../api/client";

/** The mutation that makes a token of a name. Its secret is answered once and is not kept. */
export function newToken(projectId: string) {
  return {
    gcTime: 0,
    mutationFn: (name: string) =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/tokens", {
          params: { path: { projectId } },
          body: { name },
        }),
      ),
  };
}
