/** What an input can be chosen from, as the app itself tells it for the developer's account. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { stringify } from "../../../../api/json";
import { ApiError, api, unwrap } from "../../../../api/client";
import type { components } from "../../../../api/schema";
import { isComputed } from "../forms/fields";
import type { Json, JsonObject } from "../draft/model";
import type { Schema } from "../data/sources";

export type InputOptions = components["schemas"]["InputOptions"];

export interface Option {
  value: Json;
  label: string;
  description: string | null;
}

/** One input of a step or a trigger whose options the app tells. */
export interface Asked {
  projectId: string;
  /** Of a component or a trigger. */
  component: string;
  input: string;
  isSearched: boolean;
  /** The inputs that it depends on, as they are entered. */
  given: JsonObject;
  /** By the titles that people see: what must be entered before. */
  missing: string[];
  /** What is known only when it runs, so that nothing can be asked now. */
  computed: string[];
}

const KEPT_MS = 5 * 60_000;
const NO_INTEGRATION = 600;
const NO_CONNECTION = 209;
const BROKEN_CONNECTION = 217;

/** What can be asked about an input, with the form as it stands. */
export function askedOf(
  projectId: string,
  component: string,
  input: string,
  { dependsOn, isSearched }: InputOptions,
  schema: Schema | undefined,
  inputs: JsonObject,
): Asked {
  const properties = (schema?.properties ?? {}) as Record<string, Schema>;
  const title = (name: string): string => {
    const given = properties[name]?.title;
    return typeof given === "string" ? given : name;
  };
  const given = dependsOn.flatMap((name): [string, Json][] => {
    const value = inputs[name] ?? properties[name]?.default;
    return value === undefined || value === null || value === "" ? [] : [[name, value]];
  });
  const entered = Object.fromEntries(given);
  return {
    projectId,
    component,
    input,
    isSearched,
    given: entered,
    missing: dependsOn.filter((name) => !(name in entered)).map(title),
    computed: given.filter(([, value]) => isComputed(value)).map(([name]) => title(name)),
  };
}

/** Values of any JSON type, told apart by their text. */
export function keyOf(value: Json): string {
  return stringify(value);
}

/** Whether the developer must connect an account, or do it again, in the settings. */
export function needsAccount(error: Error | null): boolean {
  return (
    error instanceof ApiError &&
    [NO_INTEGRATION, NO_CONNECTION, BROKEN_CONNECTION].includes(error.code)
  );
}

/** The options page by page; asked only when somebody wants to see them. */
export function useOptions(asked: Asked, search: string, isWanted: boolean) {
  const { projectId, component, input, given, isSearched } = asked;
  const sent = isSearched ? search.trim() : "";
  return useInfiniteQuery({
    queryKey: ["projects", projectId, "options", component, input, given, sent],
    enabled: isWanted,
    staleTime: KEPT_MS,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/options", {
          params: { path: { projectId } },
          body: { component, input, inputs: given, search: sent, cursor: pageParam },
        }),
      ),
    getNextPageParam: (page) => page.nextCursor,
    select: ({ pages }) => pages.flatMap(({ items }) => items as Option[]),
  });
}
