/** Which apps of a draft cannot be called yet, and why. */

import { useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { type Fault, api, unwrap } from "../../../../api/client";
import { useAppViews, usedApps } from "./catalogue";
import { type Definition, isShaped } from "./model";

/**
 * `integration`: the app is not added to the project, so nothing can run. `account`: the developer
 * has no account at it, `broken`: that account must be connected again; so no test can run.
 */
export type Lack = "integration" | "account" | "broken";

export interface Lacking {
  appKey: string;
  appName: string;
  lack: Lack;
}

export const LackingContext = createContext<Lacking[]>([]);

export function useLacking(): Lacking[] {
  return useContext(LackingContext);
}

/** What lacks now; looked at again when the developer comes back from another window. */
export function useLackingOf(projectId: string, definition: Definition): Lacking[] {
  const keys = isShaped(definition) ? usedApps(definition) : [];
  const { apps } = useAppViews(keys);
  const params = { path: { projectId } };
  const often = { staleTime: 0, refetchOnWindowFocus: "always" } as const;
  const integrations = useQuery({
    ...often,
    queryKey: ["projects", projectId, "integrations"],
    queryFn: () => unwrap(api.GET("/api/v1/projects/{projectId}/integrations", { params })),
  });
  const accounts = useQuery({
    ...often,
    queryKey: ["projects", projectId, "developer-connections"],
    queryFn: () =>
      unwrap(api.GET("/api/v1/projects/{projectId}/developer/connections", { params })),
  });
  if (!integrations.data || !accounts.data) return [];
  const added = new Set(integrations.data.items.map(({ appKey }) => appKey));
  const statuses = new Map(accounts.data.items.map(({ appKey, status }) => [appKey, status]));
  return keys.flatMap((appKey) => {
    const app = apps.get(appKey);
    if (!app || app.authType === "none") return [];
    const lack = lackOf(added.has(appKey), statuses.get(appKey));
    return lack ? [{ appKey, appName: app.name, lack }] : [];
  });
}

/** Whether a warning says again which app is not added: that is told with the way to add it. */
export function isToldOf({ code, params }: Fault, lacking: Lacking[]): boolean {
  return (
    code === "app-not-added" &&
    lacking.some(({ appKey, lack }) => lack === "integration" && appKey === params?.app)
  );
}

export function lackOf(isAdded: boolean, status: string | undefined): Lack | null {
  if (!isAdded) return "integration";
  if (status === undefined) return "account";
  return status === "connected" ? null : "broken";
}
