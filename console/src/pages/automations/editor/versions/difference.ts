/** What changed between two definitions, step by step: steps are the same when their ids are. */

import { stringify } from "../../../../api/json";
import { TRIGGER, RESULT } from "../draft/faults";
import {
  type Definition,
  type Json,
  type Path,
  type Place,
  type Step,
  blocksOf,
  formatPath,
  getIn,
  isMap,
  setIn,
  startsWith,
  walk,
} from "../draft/model";

/** One value that differs; `undefined`: there is none on that side. */
export interface ValueChange {
  path: string;
  before: Json | undefined;
  after: Json | undefined;
}

export interface Difference {
  /** A step's id, `TRIGGER` or `RESULT`. */
  id: string;
  /** The step as it is now, or was before it was removed. */
  step: Step | null;
  kind: "added" | "removed" | "changed";
  isMoved: boolean;
  values: ValueChange[];
}

export function difference(before: Definition, after: Definition): Difference[] {
  const old = new Map(walk(before).map((place) => [place.step.id, place]));
  const now = walk(after);
  const kept = new Set(now.map(({ step }) => step.id).filter((id) => old.has(id)));
  const moved = movedIds(before, after, kept);
  const steps = now.flatMap(({ step }): Difference[] => {
    const was = old.get(step.id);
    if (!was) return [{ id: step.id, step, kind: "added", isMoved: false, values: [] }];
    const values = changes(own(was.step), own(step));
    const isMoved = moved.has(step.id);
    if (values.length === 0 && !isMoved) return [];
    return [{ id: step.id, step, kind: "changed", isMoved, values }];
  });
  const removed = [...old.values()]
    .filter(({ step }) => !kept.has(step.id))
    .map(({ step }): Difference => ({
      id: step.id,
      step,
      kind: "removed",
      isMoved: false,
      values: [],
    }));
  return [
    ...whole(TRIGGER, before.trigger ?? undefined, after.trigger ?? undefined),
    ...steps,
    ...removed,
    ...whole(RESULT, before.result ?? undefined, after.result ?? undefined),
  ];
}

function whole(id: string, before: Json | undefined, after: Json | undefined): Difference[] {
  const values = changes(before, after);
  return values.length > 0 ? [{ id, step: null, kind: "changed", isMoved: false, values }] : [];
}

/** The step without the steps inside it. */
function own(step: Step): Json {
  const bare = blocksOf(step, []).reduce<Step>(
    (rest, block) =>
      getIn(rest, block.path) === undefined ? rest : setIn(rest, block.path, undefined),
    step,
  );
  return { ...bare, id: undefined } as unknown as Json;
}

/** Each value that differs, as deep as both sides are maps or lists. */
export function changes(
  before: Json | undefined,
  after: Json | undefined,
  path: Path = [],
): ValueChange[] {
  if (same(before, after)) return [];
  const [left, right] = [entries(before), entries(after)];
  if (!left || !right || Array.isArray(before) !== Array.isArray(after))
    return [{ path: formatPath(path), before, after }];
  const keys = new Set([...left.keys(), ...right.keys()]);
  return [...keys].flatMap((key) => changes(left.get(key), right.get(key), [...path, key]));
}

function entries(value: Json | undefined): Map<string | number, Json | undefined> | null {
  if (Array.isArray(value)) return new Map(value.map((item, index) => [index, item]));
  if (typeof value !== "object" || value === null) return null;
  return new Map(Object.entries(value));
}

/** Whether both are the same JSON, in whatever order maps have their keys. */
function same(before: Json | undefined, after: Json | undefined): boolean {
  return stringify(sorted(before)) === stringify(sorted(after));
}

function sorted(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((one) => sorted(one) ?? null);
  if (!isMap(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key]) ?? null]));
}

/** Steps that are in another list now, or in another order among those that stayed in theirs. */
function movedIds(before: Definition, after: Definition, kept: Set<string>): Set<string> {
  const [was, is] = [homes(before), homes(after)];
  const moved = new Set([...kept].filter((id) => was.get(id) !== is.get(id)));
  const stayed = [...kept].filter((id) => !moved.has(id));
  const order = new Map(walk(before).map(({ step }, index) => [step.id, index]));
  for (const home of new Set(stayed.map((id) => is.get(id)))) {
    const here = stayed.filter((id) => is.get(id) === home);
    const still = longestAscending(here, (id) => order.get(id) ?? 0);
    for (const id of here) if (!still.has(id)) moved.add(id);
  }
  return moved;
}

/** For each step the list it is in, named by the step that holds it. */
function homes(definition: Definition): Map<string, string> {
  const places = walk(definition);
  const holder = ({ block }: Place) =>
    places.filter(({ path }) => startsWith(block, path)).at(-1) ?? null;
  return new Map(
    places.map((place) => {
      const around = holder(place);
      const inside = place.block.slice(around?.path.length ?? 0);
      return [place.step.id, `${around?.step.id ?? ""}:${formatPath(inside)}`];
    }),
  );
}

/** The most items that can stay where they are while the others move around them. */
function longestAscending<T>(items: T[], rank: (item: T) => number): Set<T> {
  const chains: T[][] = [];
  for (const item of items) {
    const before = chains
      .filter((chain) => rank(chain.at(-1) as T) < rank(item))
      .reduce<T[]>((best, chain) => (chain.length > best.length ? chain : best), []);
    chains.push([...before, item]);
  }
  return new Set(chains.reduce<T[]>((best, one) => (one.length > best.length ? one : best), []));
}
