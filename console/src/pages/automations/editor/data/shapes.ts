/** What is known of a value before anything ran: the schema of an expression, or of a value. */

import { isMap, type Json, getIn } from "../draft/model";
import { PATH } from "./expressions";
import type { Schema, Source } from "./sources";

/** Functions that give a list of the same items: what is known of these stays known. */
const SAME_ITEMS =
  "filter|sort|sortBy|reverse|distinct|unique|uniqueBy|slice|take|drop|first|last|compact|flatten";
const STARTS_WITH_PATH = new RegExp(`^${PATH}`);
const WITH_DEFAULT = new RegExp(String.raw`^default\(\s*(${PATH})\s*,[\s\S]*\)$`);
const CALL = new RegExp(String.raw`\.(?:${SAME_ITEMS})\(`);

/** The schema of an expression that names fields and elements; undefined: nothing is known. */
export function schemaAt(roots: Source[], expression: string): Schema | undefined {
  const found = placeOf(roots, expression);
  let here: Json | undefined = found?.source.schema;
  for (const part of found?.path ?? []) {
    const properties = getIn(here, ["properties", part]);
    here = typeof part === "number" || properties === undefined ? itemsOf(here, part) : properties;
  }
  return isMap(here) && Object.keys(here).length > 0 ? here : undefined;
}

/** The schema of the items of a list that an expression gives, also when it is filtered or sorted. */
export function itemSchema(roots: Source[], expression: string): Schema | undefined {
  const items = getIn(schemaAt(roots, listOf(expression)), ["items"]);
  return isMap(items) ? items : undefined;
}

/** The path of the list whose items an expression gives. */
export function listOf(expression: string): string {
  const text = expression.trim();
  const named = WITH_DEFAULT.exec(text)?.[1] ?? text;
  const call = CALL.exec(named);
  const base = call ? named.slice(0, call.index) : named;
  // With the balanced rest of a chain of such calls alone.
  return call && !isChain(named.slice(call.index)) ? named : base;
}

function isChain(text: string): boolean {
  let rest = text;
  const call = new RegExp(`^${CALL.source}`);
  while (rest !== "") {
    const begin = call.exec(rest)?.[0].length;
    if (begin === undefined) return false;
    const end = closing(rest, begin);
    if (end < 0) return false;
    rest = rest.slice(end + 1).trim();
  }
  return true;
}

/** Where the parenthesis that was opened before `from` is closed; -1: nowhere. */
function closing(text: string, from: number): number {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, (one) =>
    "_".repeat(one.length),
  );
  let depth = 1;
  for (let at = from; at < bare.length; at += 1) {
    if (bare[at] === "(") depth += 1;
    if (bare[at] === ")") depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

/** The schema of a value of a definition, in which expressions may stand for parts. */
export function schemaOf(roots: Source[], value: Json | undefined): Schema {
  if (typeof value === "string") {
    const whole = /^\s*\{\{((?:(?!\}\})[\s\S])*)\}\}\s*$/.exec(value)?.[1];
    return whole === undefined ? { type: "string" } : (schemaAt(roots, whole) ?? {});
  }
  if (Array.isArray(value))
    return value.length > 0
      ? { type: "array", items: schemaOf(roots, value[0]) }
      : { type: "array" };
  if (isMap(value)) {
    const properties = Object.entries(value).map(([key, one]) => [key, schemaOf(roots, one)]);
    return { type: "object", properties: Object.fromEntries(properties) as Schema };
  }
  if (typeof value === "number") return { type: "number" };
  return typeof value === "boolean" ? { type: "boolean" } : {};
}

/** The source that an expression begins with, and the fields and elements that it names in it. */
export function placeOf(
  roots: Source[],
  expression: string,
): { source: Source; path: (string | number)[] } | undefined {
  const text = expression.trim();
  if (STARTS_WITH_PATH.exec(text)?.[0] !== text) return undefined;
  const [source] = roots
    .filter(
      ({ expression: own }) =>
        text === own || (/^[.[]/.test(text.slice(own.length)) && text.startsWith(own)),
    )
    .sort((one, other) => other.expression.length - one.expression.length);
  if (!source) return undefined;
  const rest = text.slice(source.expression.length);
  const parts = [...rest.matchAll(/\.([A-Za-z_]\w*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)];
  const path = parts.map(([, name, index, quoted]) =>
    index !== undefined ? Number(index) : quoted ? String(JSON.parse(quoted)) : (name ?? ""),
  );
  return { source, path };
}

function itemsOf(schema: Json | undefined, part: string | number): Json | undefined {
  return typeof part === "number" ? getIn(schema, ["items"]) : undefined;
}
