/**
 * JSON whose numbers stay as they are: a whole number that a double cannot hold is a `bigint`.
 *
 * JSON.parse would round 9007199254740993, the id of somebody's order, to …992.
 */

import { stringify as exactly, parse as parsed } from "lossless-json";

/** Digits from which on a double may round. */
const LONG = /\d{16}/;

/** The value of a JSON text; throws SyntaxError, also for numbers that nothing can hold. */
export function parse(text: string): unknown {
  // Nearly always, and much faster.
  if (!LONG.test(text) && !/\d[eE]/.test(text)) return JSON.parse(text);
  return parsed(text, null, number);
}

/** The JSON text of a value, without rounding; `undefined` for what JSON has no text for. */
export function stringify(value: unknown, space?: number): string {
  return exactly(value, undefined, space) ?? "null";
}

function number(text: string): number | bigint {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new SyntaxError(`the number ${text} is too large`);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}

/** What a field for numbers gives: a number, or the text of one that it could not hold. */
export function numberOf(typed: number | string): number | bigint | string {
  if (typeof typed === "string" && /^-?\d+$/.test(typed)) return number(typed);
  return typed;
}
