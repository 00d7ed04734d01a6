import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import { progressKey } from "./progress";

/**
 * A token made by the guide. The API shows it once; it stays in this page's memory alone, and goes
 * with a reload or sign-out.
 */
export function useGuideToken(projectId: string) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const key = ["projects", projectId, "start", "token"];
  const made = useQuery<string>({
    queryKey: key,
    enabled: false,
    gcTime: Infinity,
    queryFn: () => Promise.reject(new Error("A token is made by a click alone.")),
  });
  const create = useMutation({
    // The secret is kept at one place.
    gcTime: 0,
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/tokens", {
          params: { path: { projectId } },
          body: { name: t("start.tokenName") },
        }),
      ),
    onSuccess: async ({ token }) => {
      queries.setQueryData(key, token);
      create.reset();
      await queries.invalidateQueries({ queryKey: progressKey(projectId), exact: true });
      await queries.invalidateQueries({ queryKey: ["projects", projectId, "tokens"] });
    },
  });
  return { token: made.data ?? null, create };
}
