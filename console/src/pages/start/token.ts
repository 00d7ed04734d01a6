import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { newToken } from "../../components/newToken";
import { progressKey } from "./progress";

/**
 * A token made by the guide. The API shows it once; it stays in this page's memory alone, and goes
 * with a reload or sign-out.
 */
export function useGuideToken(projectId: string) {
  const queries = useQueryClient();
  const key = ["projects", projectId, "start", "token"];
  const made = useQuery<string>({
    queryKey: key,
    enabled: false,
    gcTime: Infinity,
    queryFn: () => Promise.reject(new Error("A token is made by a click alone.")),
  });
  const create = useMutation({
    ...newToken(projectId),
    onSuccess: async ({ token }) => {
      queries.setQueryData(key, token);
      create.reset();
      await queries.invalidateQueries({ queryKey: progressKey(projectId), exact: true });
      await queries.invalidateQueries({ queryKey: ["projects", projectId, "tokens"] });
    },
  });
  return { token: made.data ?? null, create };
}
