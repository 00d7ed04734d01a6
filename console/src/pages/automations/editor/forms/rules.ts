/** Conditions that people click together, and the expressions (CEL) that say the same. */

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

const PATH = String.raw`[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\]|\["(?:[^"\\]|\\.)*"\])*`;
const LITERAL = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?|true|false|null|"(?:[^"\\]|\\.)*"|'[^'\\]*'`;
const COMPARED = new RegExp(String.raw`^(${PATH})\s*(==|!=|>=|<=|>|<)\s*(${LITERAL}|${PATH})$`);
const CALLED = new RegExp(
  String.raw`^(!?)(${PATH})\.(contains|startsWith|endsWith)\((${LITERAL}|${PATH})\)$`,
);
const EMPTY = new RegExp(String.raw`^default\((${PATH}), ""\) (==|!=) ""$`);

export function takesValue(operator: Operator): boolean {
  return operator !== "empty" && operator !== "notEmpty";
}

export function isComplete({ left, operator, right }: Rule): boolean {
  return left.trim() !== "" && (!takesValue(operator) || right.trim() !== "");
}

/** The expression of all complete rules; without any it is always true. */
export function celOf({ join, rows }: Rules): string {
  const parts = rows.filter(isComplete).map(written);
  return parts.length === 0 ? "true" : parts.join(` ${join} `);
}

function written({ left, operator, right }: Rule): string {
  const looked = left.trim();
  const value = literal(right);
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
      return `${looked} ${operator} ${value}`;
  }
}

function literal(text: string): string {
  const expression = /^\s*\{\{((?:(?!\}\})[\s\S])*)\}\}\s*$/.exec(text)?.[1];
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
