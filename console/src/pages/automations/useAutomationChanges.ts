import {
  type InfiniteData,
  type QueryClient,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { automationKey } from "./automationKey";

export type Summary = components["schemas"]["AutomationSummary"];
type Automation = components["schemas"]["AutomationView"];
type Page = components["schemas"]["Page_AutomationSummary_"];
type Pages = InfiniteData<Page>;

/** Of all lists of a project's automations, whatever is searched for. */
export function listKey(projectId: string): string[] {
  return ["projects", projectId, "automations"];
}

/** Shows a change in all lists before it is done; what it gives back undoes that. */
async function foreseen(
  queries: QueryClient,
  projectId: string,
  change: (items: Summary[]) => Summary[],
): Promise<() => void> {
  const filter = { queryKey: listKey(projectId) };
  await queries.cancelQueries(filter);
  const before = queries.getQueriesData<Pages>(filter);
  queries.setQueriesData<Pages>(
    filter,
    (data) =>
      data && {
        ...data,
        pages: data.pages.map((page) => ({ ...page, items: change(page.items) })),
      },
  );
  return () => before.forEach(([key, data]) => queries.setQueryData(key, data));
}

export function useRename(projectId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, name }: { id: string; name: string }) =>
      unwrap(
        api.PATCH("/api/v1/projects/{projectId}/automations/{automationId}", {
          params: { path: { projectId, automationId: id } },
          body: { name },
        }),
      ),
    onMutate: ({ id, name }) =>
      foreseen(queries, projectId, (items) =>
        items.map((item) => (item.id === id ? { ...item, name } : item)),
      ),
    onError: (_error, _change, takeBack) => takeBack?.(),
    onSuccess: ({ id, name }) =>
      queries.setQueryData<Automation>(
        automationKey({ projectId, automationId: id }),
        (before) => before && { ...before, name },
      ),
    onSettled: () => queries.invalidateQueries({ queryKey: listKey(projectId) }),
  });
}

export function useRemove(projectId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(
        api.DELETE("/api/v1/projects/{projectId}/automations/{automationId}", {
          params: { path: { projectId, automationId: id } },
        }),
      ),
    onMutate: (id) =>
      foreseen(queries, projectId, (items) => items.filter((item) => item.id !== id)),
    onError: (_error, _id, takeBack) => takeBack?.(),
    onSettled: () => queries.invalidateQueries({ queryKey: listKey(projectId) }),
  });
}

/** Makes another automation of an automation's draft. */
export function useDuplicate(projectId: string) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ id }: { id: string }) => {
      const path = { projectId, automationId: id };
      const { name, definition } = await unwrap(
        api.GET("/api/v1/projects/{projectId}/automations/{automationId}", { params: { path } }),
      );
      return unwrap(
        api.POST("/api/v1/projects/{projectId}/automations", {
          params: { path: { projectId } },
          body: { name: t("automations.copyOf", { name }).slice(0, 200), definition },
        }),
      );
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: listKey(projectId) }),
  });
}
