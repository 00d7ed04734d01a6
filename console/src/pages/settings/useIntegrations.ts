import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";

export type Integration = components["schemas"]["IntegrationView"];
export type Integrations = components["schemas"]["Integrations"];
export type AppView = components["schemas"]["AppView"];
export type Client = components["schemas"]["OAuthClient"];

const ROOT = "/api/v1/projects/{projectId}/integrations";

const keyOf = (projectId: string) => ["projects", projectId, "integrations"];

/** The apps of the project, and those that its automations lack. */
export function useIntegrations(projectId: string) {
  return useQuery({
    queryKey: keyOf(projectId),
    queryFn: () => unwrap(api.GET(ROOT, { params: { path: { projectId } } })),
  });
}

/** An app of the catalogue with all its parts. */
export function appQuery(appKey: string) {
  return queryOptions({
    queryKey: ["apps", appKey],
    staleTime: 600_000,
    queryFn: () => unwrap(api.GET("/api/v1/apps/{appKey}", { params: { path: { appKey } } })),
  });
}

/** Whether an app wants something of the developer before users can connect to it. */
export function asks(app: AppView): boolean {
  return app.needsClient || app.authType === "oauth2" || app.integrationFields.length > 0;
}

/** Whether the app sends events by itself, which it may sign with their moment. */
export function delivers(app: AppView) {
  return app.triggers.some(({ kind }) => kind === "webhook" || kind === "app_webhook");
}

/** Adds an app, with what its additional form asks. */
export function useAdd(projectId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ app, form }: { app: AppView; form: Client }) =>
      unwrap(
        api.POST(ROOT, {
          params: { path: { projectId } },
          body: { appKey: app.key, ...form },
        }),
      ),
    // An app that asks nothing is there at once; should it be refused, it is taken away again.
    onMutate: async ({ app }) => {
      const key = keyOf(projectId);
      await queries.cancelQueries({ queryKey: key });
      const before = queries.getQueryData<Integrations>(key);
      if (before && !asks(app)) queries.setQueryData(key, withApp(before, app));
      return before;
    },
    onError: (_error, _added, before) => queries.setQueryData(keyOf(projectId), before),
    onSettled: () => queries.invalidateQueries({ queryKey: keyOf(projectId) }),
  });
}

/** Changes an integration: its client, scopes or settings. */
export function useChange(projectId: string, appKey: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Client) =>
      unwrap(api.PATCH(`${ROOT}/{appKey}`, { params: { path: { projectId, appKey } }, body })),
    onSettled: () => queries.invalidateQueries({ queryKey: keyOf(projectId) }),
  });
}

/** Removes an app from the project. */
export function useRemove(projectId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (appKey: string) =>
      unwrap(api.DELETE(`${ROOT}/{appKey}`, { params: { path: { projectId, appKey } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: keyOf(projectId) }),
  });
}

/** The list as it will be when the app is added. */
function withApp({ items, missing }: Integrations, app: AppView): Integrations {
  const lack = missing.find((one) => one.appKey === app.key);
  const added: Integration = {
    appKey: app.key,
    appName: app.name,
    authType: app.authType,
    clientId: null,
    hasClientSecret: false,
    scopes: [],
    settings: {},
    redirectUri: null,
    hookUrl: null,
    rejected: 0,
    usedBy: lack?.automations ?? [],
    neededScopes: [],
    missingScopes: [],
    createdAt: Date.now(),
    updatedAt: Date.now(),
  };
  return {
    items: [...items, added].sort((a, b) => a.appKey.localeCompare(b.appKey)),
    missing: missing.filter((one) => one.appKey !== app.key),
  };
}
