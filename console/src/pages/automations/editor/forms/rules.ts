/** Conditions that people click together, and the expressions (CEL) that say the same. */

import { PATH, isExpression } from "../data/expressions";

export const OPERATORS = [
  "==",
  "!=",
  ">",
  ">=",
  "<",
  "<=",
  "contains",
  "notContains",
  "startsWith",
  "endsWith",
  "empty",
  "notEmpty",
] as const;

export type Operator = (typeof OPERATORS)[number];

export interface Rule {
  /** What is looked at: an expression. */
  left: string;
  operator: Operator;
  /** As in any value: text, a number, `true`, or an expression in `{{ }}`. */
  right: string;
}

export interface Rules {
  join: "&&" | "||";
  rows: Rule[];
}

const LITERAL = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?|true|false|null|"(?:[^"\\]|\\.)*"|'[^'\\]*'`;
// Either side may still be missing: such a rule is kept as it is, and is no valid expression.
const LEFT = `(?:${PATH})?`;
const RIGHT = `(?:${LITERAL}|${PATH})?`;
const COMPARED = new RegExp(String.raw`^(${LEFT})\s*(==|!=|>=|<=|>|<)\s*(${RIGHT})$`);
const CALLED = new RegExp(
  String.raw`^(!?)(${LEFT})\.(contains|startsWith|endsWith)\((${RIGHT})\)$`,
);
const EMPTY = new RegExp(String.raw`^default\((${LEFT}), ""\) (==|!=) ""$`);

export const EMPTY_RULE: Rule = { left: "", operator: "==", right: "" };
/** What a new branch begins with: a rule to fill in, so that it never runs by mistake. */
export const UNSET = "==";

export function takesValue(operator: Operator): boolean {
  return operator !== "empty" && operator !== "notEmpty";
}

export type Side = "left" | "right";

/** Which sides of a rule are still to be filled in. */
export function missingOf({ left, operator, right }: Rule): Side[] {
  return [
    ...(left.trim() === "" ? (["left"] as const) : []),
    ...(takesValue(operator) && right.trim() === "" ? (["right"] as const) : []),
  ];
}

export function isFinished({ rows }: Rules): boolean {
  return rows.every((row) => missingOf(row).length === 0);
}

/** Whether a condition consists of rules some of which are still to be filled in. */
export function isUnfinished(text: string): boolean {
  const rules = rulesOf(text);
  return rules !== null && !isFinished(rules);
}

/**
 * The expression of all rules; without any it is always true. A rule that lacks a side lacks it in
 * the expression, too: nobody can publish it before it is finished, and it never means less.
 */
export function celOf({ join, rows }: Rules): string {
  return rows.length === 0 ? "true" : rows.map(written).join(` ${join} `);
}

function written({ left, operator, right }: Rule): string {
  const looked = left.trim();
  const value = right.trim() === "" ? "" : literal(right);
  switch (operator) {
    case "contains":
    case "startsWith":
    case "endsWith":
      return `${looked}.${operator}(${value})`;
    case "notContains":
      return `!${looked}.contains(${value})`;
    case "empty":
      return `default(${looked}, "") == ""`;
    case "notEmpty":
      return `default(${looked}, "") != ""`;
    default:
      return `${looked} ${operator} ${value}`.trim();
  }
}

const ONE_EXPRESSION = /^\s*\{\{((?:(?!\}\})[\s\S])*)\}\}\s*$/;

/** Whether a value has an expression within text: a rule compares with the braces as they stand. */
export function isMixed(right: string): boolean {
  return isExpression(right) && !ONE_EXPRESSION.test(right);
}

function literal(text: string): string {
  const expression = ONE_EXPRESSION.exec(text)?.[1];
  if (expression !== undefined) return expression.trim();
  const plain = text.trim();
  return new RegExp(`^(${LITERAL})$`).test(plain) ? plain : JSON.stringify(text);
}

/** The rules that an expression consists of; null: it says more than rules can. */
export function rulesOf(text: string): Rules | null {
  const trimmed = text.trim();
  if (trimmed === "true") return { join: "&&", rows: [] };
  const join = split(trimmed, "||").length > 1 ? "||" : "&&";
  const rows = split(trimmed, join).map(ruleOf);
  return rows.every((row) => row !== null) ? { join, rows } : null;
}

function ruleOf(part: string): Rule | null {
  const empty = EMPTY.exec(part);
  if (empty)
    return { left: empty[1] ?? "", operator: empty[2] === "==" ? "empty" : "notEmpty", right: "" };
  const compared = COMPARED.exec(part);
  if (compared)
    return {
      left: compared[1] ?? "",
      operator: (compared[2] ?? "==") as Operator,
      right: shown(compared[3] ?? ""),
    };
  const called = CALLED.exec(part);
  if (!called) return null;
  const [, not, left = "", name = "", value = ""] = called;
  if (not && name !== "contains") return null;
  return { left, operator: not ? "notContains" : (name as Operator), right: shown(value) };
}

/** How a literal or a path stands in a field of values. */
function shown(source: string): string {
  if (source === "") return "";
  if (!new RegExp(`^(${LITERAL})$`).test(source)) return `{{ ${source} }}`;
  const quoted =
    /^'(.*)'$/s.exec(source)?.[1] ?? (source.startsWith('"') ? unquoted(source) : null);
  if (quoted === null) return source;
  // Text that would be read as something else keeps its quotes.
  return literal(quoted) === JSON.stringify(quoted) && quoted.trim() !== ""
    ? quoted
    : JSON.stringify(quoted);
}

function unquoted(source: string): string | null {
  try {
    return String(JSON.parse(source));
  } catch {
    return null;
  }
}

/** The parts between an operator, where it stands in no text. */
function split(text: string, operator: string): string[] {
  const texts = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g;
  const masked = text.replace(texts, (quoted) => "_".repeat(quoted.length));
  const parts: string[] = [];
  let begin = 0;
  for (let at = masked.indexOf(operator); at >= 0; at = masked.indexOf(operator, begin)) {
    parts.push(text.slice(begin, at).trim());
    begin = at + operator.length;
  }
  return [...parts, text.slice(begin).trim()];
}
