/**
 * The definition of an automation as the editor works on it: an immutable tree.
 *
 * Every operation gives a new definition and leaves the old one as it was. Places are named as the
 * API names them in faults: `steps[0].branches[1].steps[2]`.
 */

export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };
export type Path = (string | number)[];

export interface Step extends JsonObject {
  id: string;
  type: string;
}

export interface Trigger extends JsonObject {
  type: string;
}

/** A draft may be unfinished: everything but the steps may be absent. */
export interface Definition {
  trigger?: Trigger | null;
  steps: Step[];
  result?: Json;
}

/** A list of steps inside a step, or the outermost one. */
export interface Block {
  path: Path;
  kind: "root" | "branch" | "otherwise" | "case" | "default" | "loop" | "round";
  /** Of a branch or a case: which one, from 0. */
  number: number;
  steps: Step[];
}

export interface Place {
  step: Step;
  path: Path;
  /** The list that holds the step. */
  block: Path;
  index: number;
  depth: number;
}

export function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text ? `${text}.${part}` : part,
    "",
  );
}

export function parsePath(text: string): Path {
  return [...text.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map((match) =>
    match[1] === undefined ? (match[2] ?? "") : Number(match[1]),
  );
}

export function getIn(value: unknown, path: Path): Json | undefined {
  let here = value;
  for (const part of path) {
    if (here === null || typeof here !== "object") return undefined;
    here = (here as Record<string | number, unknown>)[part];
  }
  return here as Json | undefined;
}

/** A copy of `value` with `next` at `path`; `undefined` removes a key. Missing maps are made. */
export function setIn<T>(value: T, path: Path, next: Json | undefined): T {
  const [first, ...rest] = path;
  if (first === undefined) return next as T;
  if (Array.isArray(value) || typeof first === "number") {
    const list = Array.isArray(value) ? [...(value as Json[])] : [];
    list[Number(first)] = setIn(list[Number(first)], rest, next) as Json;
    return list as T;
  }
  const map = { ...(value as JsonObject | undefined) };
  const inner = setIn(map[first], rest, next);
  if (inner === undefined) delete map[first];
  else map[first] = inner;
  return map as T;
}

function stepsAt(holder: Json | undefined, key: string): Step[] {
  const steps = getIn(holder, [key]);
  return Array.isArray(steps) ? (steps as Step[]) : [];
}

function listAt(step: Step, key: string): Json[] {
  const list = step[key];
  return Array.isArray(list) ? list : [];
}

/** The lists of steps inside a step; `path` is the step's own place. */
export function blocksOf(step: Step, path: Path): Block[] {
  const several = (list: string, kind: Block["kind"]): Block[] =>
    listAt(step, list).map((entry, number) => ({
      path: [...path, list, number, "steps"],
      kind,
      number,
      steps: stepsAt(entry, "steps"),
    }));
  const one = (key: string, kind: Block["kind"]): Block => ({
    path: [...path, key],
    kind,
    number: 0,
    steps: stepsAt(step, key),
  });
  switch (step.type) {
    case "condition":
      return [...several("branches", "branch"), one("otherwise", "otherwise")];
    case "switch":
      return [...several("cases", "case"), one("default", "default")];
    case "for-each":
      return [one("steps", "loop")];
    case "repeat":
      return [one("steps", "round")];
    default:
      return [];
  }
}

/** Whether a step runs the steps inside it again and again. */
export function isLoop({ type }: { type: string }): boolean {
  return type === "for-each" || type === "repeat";
}

/** All steps, outer before inner, in order. */
export function walk(definition: Definition): Place[] {
  const found: Place[] = [];
  const visit = (steps: Step[], block: Path, depth: number): void => {
    steps.forEach((step, index) => {
      const path = [...block, index];
      found.push({ step, path, block, index, depth });
      for (const inner of blocksOf(step, path)) visit(inner.steps, inner.path, depth + 1);
    });
  };
  visit(definition.steps, ["steps"], 0);
  return found;
}

export function find(definition: Definition, id: string): Place | undefined {
  return walk(definition).find((place) => place.step.id === id);
}

const SHAPE_OF_BLOCKS = ["steps", "otherwise", "default"];

/** Whether the editor can show it; what is not can still be mended as JSON. */
export function isShaped(value: unknown): value is Definition {
  if (!isMap(value) || !Array.isArray(value.steps)) return false;
  const trigger = value.trigger;
  if (trigger !== undefined && trigger !== null && !isMap(trigger)) return false;
  const seen = new Set<string>();
  const good = (steps: unknown): boolean => Array.isArray(steps) && steps.every(isStep);
  const isStep = (step: unknown): boolean => {
    if (!isMap(step) || typeof step.type !== "string" || typeof step.id !== "string") return false;
    if (seen.has(step.id)) return false;
    seen.add(step.id);
    const inner = SHAPE_OF_BLOCKS.map((key) => step[key]);
    for (const list of [step.branches, step.cases]) {
      if (list === undefined) continue;
      if (!Array.isArray(list) || !list.every(isMap)) return false;
      inner.push(...list.map((entry) => entry.steps));
    }
    return inner.every((steps) => steps === undefined || good(steps));
  };
  return good(value.steps);
}

export function isMap(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function insert(definition: Definition, block: Path, index: number, step: Step): Definition {
  const steps = [...((getIn(definition, block) as Step[] | undefined) ?? [])];
  steps.splice(index, 0, step);
  return setIn(definition, block, steps);
}

export function remove(definition: Definition, id: string): Definition {
  const place = find(definition, id);
  if (!place) return definition;
  const steps = [...(getIn(definition, place.block) as Step[])];
  steps.splice(place.index, 1);
  return setIn(definition, place.block, steps);
}

/** Puts a step up (-1) or down (1) inside its list; at the end of the list nothing changes. */
export function move(definition: Definition, id: string, by: -1 | 1): Definition {
  const place = find(definition, id);
  const steps = place && [...(getIn(definition, place.block) as Step[])];
  const target = place && place.index + by;
  if (!steps || target === undefined || target < 0 || target >= steps.length) return definition;
  const [step] = steps.splice(place.index, 1);
  if (step) steps.splice(target, 0, step);
  return setIn(definition, place.block, steps);
}

/** Puts a step into another list, before the one that is at `index` now; never into itself. */
export function moveTo(definition: Definition, id: string, block: Path, index: number): Definition {
  const place = find(definition, id);
  if (!place || startsWith(block, place.path)) return definition;
  const marker = "\u0000moved";
  const held = setIn(definition, [...place.path, "id"], marker);
  const placed = insert(held, block, index, place.step);
  return remove(placed, marker);
}

export function startsWith(path: Path, beginning: Path): boolean {
  return beginning.every((part, index) => path[index] === part);
}

/** Sets keys of a step; `undefined` removes one. */
export function change(
  definition: Definition,
  id: string,
  changes: { [key: string]: Json | undefined },
): Definition {
  const place = find(definition, id);
  if (!place) return definition;
  return Object.entries(changes).reduce(
    (changed, [key, value]) => setIn(changed, [...place.path, key], value),
    definition,
  );
}

export const ID_PATTERN = /^[a-z][a-z0-9_]{0,63}$/;

/** Gives a step another id, and every expression that reads it the new one. */
export function rename(definition: Definition, id: string, next: string): Definition {
  if (!ID_PATTERN.test(next) || find(definition, next) || !find(definition, id)) return definition;
  return rereferenced(change(definition, id, { id: next }), new Map([[id, next]]));
}

const REFERENCE = /\b(steps|callbacks)\.([a-z][a-z0-9_]*)/g;

/** A value whose expressions read steps by other ids. */
function rereferenced<T>(value: T, ids: Map<string, string>): T {
  const renamed = (part: Json): Json => {
    if (typeof part === "string")
      return part.replace(REFERENCE, (_, of: string, id: string) => `${of}.${ids.get(id) ?? id}`);
    if (Array.isArray(part)) return part.map(renamed);
    if (!isMap(part)) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, renamed(inner)]));
  };
  return renamed(value as Json) as T;
}

/** Words that the language keeps for itself: no step can be called so. */
const RESERVED = new Set(
  (
    "as break const continue else false for function if import in let loop namespace null package " +
    "return true var void while callbacks data event run steps vars"
  ).split(" "),
);

/** An id that no step has yet, made of a text: `Send message` gives `send_message`. */
export function freshId(definition: Definition, text: string): string {
  const taken = new Set(walk(definition).map((place) => place.step.id));
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+|_+$/g, "")
    .slice(0, 50);
  const base = plain || "step";
  if (!taken.has(base) && !RESERVED.has(base)) return base;
  let number = 2;
  while (taken.has(`${base}_${number}`)) number += 1;
  return `${base}_${number}`;
}

/** Copies of steps, and of all inside them, with ids of their own by which they read each other. */
export function copies(definition: Definition, steps: Step[]): Step[] {
  const ids = new Map<string, string>();
  let taken = definition;
  for (const { step } of walk({ steps })) {
    const own = freshId(taken, step.id.replace(/_\d+$/, ""));
    taken = insert(taken, ["steps"], 0, { id: own, type: "stop" });
    ids.set(step.id, own);
  }
  const copied = (step: Step): Step =>
    blocksOf(step, []).reduce<Step>(
      (copy, block) =>
        getIn(copy, block.path) === undefined
          ? copy
          : setIn(copy, block.path, block.steps.map(copied)),
      { ...step, id: ids.get(step.id) ?? step.id },
    );
  return rereferenced(steps.map(copied), ids);
}

/** A copy of a step after it. */
export function duplicate(definition: Definition, id: string): Definition {
  const place = find(definition, id);
  if (!place) return definition;
  const [copy] = copies(definition, [place.step]);
  return copy ? insert(definition, place.block, place.index + 1, copy) : definition;
}
