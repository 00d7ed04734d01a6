import { useQueries, useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../../../api/client";
import type { components } from "../../../../api/schema";
import { type Definition, walk } from "./model";
import type { OutputSchemas, Schema } from "../data/sources";

export type AppView = components["schemas"]["AppView"];
export type AppSummary = components["schemas"]["AppSummary"];
export type Component = components["schemas"]["ComponentView"];
export type TriggerOfApp = components["schemas"]["TriggerView"];

export interface Catalogue {
  apps: Map<string, AppView>;
  isPending: boolean;
  error: Error | null;
}

/** All apps of the installation, without their components. */
export function useApps() {
  return useQuery({
    queryKey: ["apps"],
    staleTime: Infinity,
    queryFn: () => unwrap(api.GET("/api/v1/apps")),
  });
}

/** Apps with their components; each is read once. */
export function useAppViews(keys: string[]): Catalogue {
  return useQueries({
    queries: keys.map((appKey) => ({
      queryKey: ["apps", appKey],
      staleTime: Infinity,
      queryFn: () => unwrap(api.GET("/api/v1/apps/{appKey}", { params: { path: { appKey } } })),
    })),
    combine: (results) => ({
      apps: new Map(
        results.flatMap((result) => (result.data ? [[result.data.key, result.data]] : [])),
      ),
      isPending: results.some((result) => result.isPending),
      error: results.find((result) => result.error)?.error ?? null,
    }),
  });
}

/** `twilio` of `twilio.send-message`. */
export function appOf(component: unknown): string {
  return String(component).split(".")[0] ?? "";
}

/** The apps whose components or trigger a definition names. */
export function usedApps(definition: Definition): string[] {
  const trigger = definition.trigger;
  const named = [
    ...(trigger?.type === "app" ? [trigger.component] : []),
    ...walk(definition).flatMap(({ step }) => (step.type === "app" ? [step.component] : [])),
  ];
  return [...new Set(named.map(appOf).filter(Boolean))].sort();
}

export function componentOf(catalogue: Catalogue, key: unknown): Component | undefined {
  return catalogue.apps.get(appOf(key))?.components.find((component) => component.key === key);
}

export function triggerOf(catalogue: Catalogue, key: unknown): TriggerOfApp | undefined {
  return catalogue.apps.get(appOf(key))?.triggers.find((trigger) => trigger.key === key);
}

export function outputSchemas(catalogue: Catalogue): OutputSchemas {
  return {
    component: (key) => componentOf(catalogue, key)?.outputSchema as Schema | undefined,
    trigger: (key) => triggerOf(catalogue, key)?.outputSchema as Schema | undefined,
  };
}
