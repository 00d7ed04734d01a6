/** What a step reads of the run around it, for a test of that step alone. */

import {
  type Definition,
  type Json,
  type JsonObject,
  type Place,
  blocksOf,
  isLoop,
  startsWith,
  walk,
} from "../draft/model";
import type { Samples } from "./samples";
import type { Source } from "./sources";

const BARE = ["when", "value", "items", "until"];
const REFERENCE = /\b(data|event|vars|steps(?:\.([a-z]\w*)|\["([^"]+)"\]))/g;

/** The samples that a step reads, and what it reads without there being a sample. */
export function givenFor(
  definition: Definition,
  place: Place,
  samples: Samples,
  sources: Source[],
): { given: JsonObject; lacking: string[] } {
  const inside = new Set(inner(definition, place));
  const loop = around(definition, place);
  const itemName = String(loop?.step.itemName ?? "item");
  const item = sources.find(({ group, expression }) => group === "loop" && expression === itemName);
  const expressions = expressionsOf(place.step);
  const readsItem = loop !== undefined && mentions(expressions, itemName);
  const asked = references(
    // Without an item of its own, the server takes the first of the loop's list.
    readsItem && item?.sample === undefined
      ? [...expressions, String(loop.step.items ?? "")]
      : expressions,
  );
  const given: JsonObject = {};
  const lacking: string[] = [];
  const note = (name: string, value: Json | undefined | null) => {
    if (value === undefined || value === null) lacking.push(name);
    else given[name] = value;
  };
  if (asked.has("data")) note("data", samples.data);
  if (asked.has("event")) note("event", samples.event);
  if (asked.has("vars")) note("vars", sources.find(({ group }) => group === "vars")?.sample);
  const ids = [...asked].flatMap((name) => (name.startsWith("steps.") ? [name.slice(6)] : []));
  for (const id of ids.filter((one) => !inside.has(one))) {
    const known = samples.steps[id];
    if (known) given.steps = { ...(given.steps as JsonObject | undefined), [id]: known.output };
    else lacking.push(`steps.${id}`);
  }
  if (readsItem && item?.sample !== undefined) given.item = item.sample;
  return { given, lacking };
}

/** `data`, `event`, `vars` and `steps.<id>`, as far as expressions mention them. */
function references(expressions: string[]): Set<string> {
  const found = new Set<string>();
  for (const text of expressions)
    for (const [whole, , plain, quoted] of text.matchAll(REFERENCE)) {
      const id = plain ?? quoted;
      found.add(id === undefined ? whole : `steps.${id}`);
    }
  return found;
}

function mentions(expressions: string[], name: string): boolean {
  const word = new RegExp(`(^|[^.\\w])${name}\\b`);
  return expressions.some((text) => word.test(text));
}

/** The expressions anywhere in a value, without their braces. */
export function expressionsOf(value: Json, key = ""): string[] {
  if (typeof value === "string")
    return BARE.includes(key)
      ? [value]
      : [...value.matchAll(/\{\{([\s\S]*?)\}\}/g)].map((match) => match[1] ?? "");
  if (Array.isArray(value)) return value.flatMap((one) => expressionsOf(one));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([name, part]) => expressionsOf(part, name));
  return [];
}

function inner(definition: Definition, { step, path }: Place): string[] {
  if (blocksOf(step, path).length === 0) return [];
  return walk(definition)
    .filter((one) => startsWith(one.path, path))
    .map((one) => one.step.id);
}

/** The innermost loop around a step. */
function around(definition: Definition, { path }: Place): Place | undefined {
  return walk(definition).findLast(
    (one) => isLoop(one.step) && startsWith(path, [...one.path, "steps"]),
  );
}
