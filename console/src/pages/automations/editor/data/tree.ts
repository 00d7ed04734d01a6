/** The tree under what can be read, as its schema and the newest run tell, and its visible rows. */

import { stringify } from "../../../../api/json";
import { type Json, isMap } from "../draft/model";
import { member } from "./expressions";
import { MAYBE, type Schema, type Source } from "./sources";

export interface Row {
  source: Source;
  /** From 1, as `aria-level` counts. */
  level: number;
  /** null: nothing is below it. */
  isOpen: boolean | null;
  /** Whether the search means it; without a search all are. */
  isMatch: boolean;
}

/** Elements of a list that are shown; expressions can read the others. */
const ELEMENTS = 20;
const DEPTH = 7;
/** How many entries a search looks at. */
const LOOKED_AT = 3000;
const OPEN_AT_FIRST = 40;

/** The fields of a map or the elements of a list. */
export function childrenOf(source: Source): Source[] {
  const { schema, sample } = source;
  const child = (key: string | number, described: Json | undefined): Source => {
    const known = (isMap(described) ? described : {}) as Schema;
    const value = inside(sample, key);
    const own: Source = {
      group: source.group,
      expression:
        typeof key === "number" ? `${source.expression}[${key}]` : member(source.expression, key),
      title:
        typeof known.title === "string" ? known.title : typeof key === "number" ? `[${key}]` : key,
      schema: known,
    };
    const maybe = known[MAYBE] ?? source.maybe;
    if (typeof maybe === "string") own.maybe = maybe;
    return value === undefined ? own : { ...own, sample: value };
  };
  if (Array.isArray(sample))
    return sample.slice(0, ELEMENTS).map((_, index) => child(index, schema.items));
  if (sample === undefined && schema.type === "array" && isMap(schema.items))
    return [child(0, schema.items)];
  const properties = isMap(schema.properties) ? schema.properties : {};
  const names = new Set([
    ...Object.keys(properties),
    ...(isMap(sample) ? Object.keys(sample) : []),
  ]);
  return [...names].map((name) => child(name, properties[name]));
}

/** What the newest run says of its type, else the schema. */
export function typeOf({ schema, sample }: Source): string {
  if (sample === undefined || sample === null)
    return typeof schema.type === "string" ? schema.type : "any";
  if (Array.isArray(sample)) return "array";
  return typeof sample === "bigint" ? "number" : typeof sample;
}

/** A value on one line. */
export function lineOf(value: Json): string {
  const text = typeof value === "string" ? value : stringify(value);
  return text.slice(0, 200).replace(/\s+/g, " ");
}

/** Whether a test would tell more: a run's data, its event or a step before has no value yet. */
export function lacksSamples(roots: Source[]): boolean {
  return roots.some(
    ({ group, expression, sample }) =>
      sample === undefined && (["data", "event"].includes(group) || expression.endsWith(".output")),
  );
}

/** What is open before anybody opened anything: the roots, unless that were too much at once. */
export function openAtFirst(roots: Source[]): Set<string> {
  const below = roots.map((root) => childrenOf(root).length);
  const count = below.reduce((sum, length) => sum + length, roots.length);
  return new Set(count > OPEN_AT_FIRST ? [] : roots.map(({ expression }) => expression));
}

/** The rows from top to bottom: those below what is open, or those that a search finds. */
export function rowsOf(roots: Source[], open: ReadonlySet<string>, search: string): Row[] {
  const wanted = search.trim().toLowerCase();
  return wanted === "" ? opened(roots, open, 1) : found(roots, wanted);
}

function opened(sources: Source[], open: ReadonlySet<string>, level: number): Row[] {
  return sources.flatMap((source) => {
    const children = childrenOf(source);
    const isOpen = children.length === 0 ? null : open.has(source.expression);
    const row: Row = { source, level, isOpen, isMatch: true };
    return [row, ...(isOpen ? opened(children, open, level + 1) : [])];
  });
}

function found(roots: Source[], wanted: string): Row[] {
  let left = LOOKED_AT;
  const visit = (sources: Source[], level: number): Row[] =>
    sources.flatMap((source) => {
      left -= 1;
      if (left < 0) return [];
      const below = level < DEPTH ? visit(childrenOf(source), level + 1) : [];
      const isMatch = textOf(source).includes(wanted);
      if (!isMatch && below.length === 0) return [];
      return [{ source, level, isOpen: below.length > 0 ? true : null, isMatch }, ...below];
    });
  return visit(roots, 1);
}

/** What is searched: how it is written and called, and its value where that is one. */
function textOf({ expression, title, sample }: Source): string {
  const value = typeof sample === "object" ? "" : String(sample ?? "");
  return `${expression} ${title} ${value}`.toLowerCase();
}

function inside(value: Json | undefined, key: string | number): Json | undefined {
  if (Array.isArray(value)) return value[Number(key)];
  return isMap(value) ? value[key] : undefined;
}
