/** How expressions (CEL) are written, and how the data picker puts one into a text. */

/** What only names fields and elements: `steps.list.output.rows[0]["sent to"]`. */
export const PATH = String.raw`[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\]|\["(?:[^"\\]|\\.)*"\])*`;

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What stands for one value alone: a path, a constant, an empty list or map. */
const ONE_VALUE = new RegExp(
  String.raw`^\s*(?:${PATH}|-?\d+(?:\.\d+)?|"[^"]*"|'[^']*'|\[\s*\]|\{\s*\})?\s*$`,
);

/** `a.b`, or `a["b c"]` where the name is no CEL identifier. */
export function member(expression: string, name: string): string {
  return IDENTIFIER.test(name) ? `${expression}.${name}` : `${expression}[${JSON.stringify(name)}]`;
}

/** Whether a value is computed when it runs. */
export function isExpression(value: unknown): value is string {
  return typeof value === "string" && /(^|[^\\])\{\{/.test(value);
}

/**
 * What a field takes: `bare`, an expression without braces; `text`, text around expressions;
 * `value`, a JSON value in which expressions may be; `whole`, a value or one expression.
 */
export type FieldKind = "bare" | "text" | "value" | "whole";

/**
 * Puts an expression into a field in place of what is selected; gives the text and the caret.
 *
 * Where a field holds one value and no text, such as the list of a loop, the expression takes that
 * value's place: two values beside each other mean nothing.
 */
export function inserted(
  text: string,
  expression: string,
  start: number,
  end: number,
  kind: FieldKind,
): { text: string; caret: number } {
  const isWhole =
    kind === "whole" ||
    (kind === "bare" && ONE_VALUE.test(text)) ||
    (kind === "value" && isOneValue(text));
  const [from, to] = isWhole ? [0, text.length] : [start, end];
  const piece =
    kind === "bare"
      ? expression
      : kind === "value" && !isWhole && isJsonText(text)
        ? inJson(text.slice(0, from), expression)
        : `{{ ${expression} }}`;
  return { text: text.slice(0, from) + piece + text.slice(to), caret: from + piece.length };
}

/** A JSON value that is neither text nor holds anything. */
function isOneValue(text: string): boolean {
  return /^\s*(?:-?\d[\d.eE+-]*|true|false|null|""|\[\s*\]|\{\s*\})\s*$/.test(text);
}

function isJsonText(text: string): boolean {
  return /^\s*(?:\[|\{(?!\{))/.test(text);
}

/** As text of JSON: without quotation marks where the text before it has an open one. */
function inJson(before: string, expression: string): string {
  const quoted = JSON.stringify(`{{ ${expression} }}`);
  const marks = before.replace(/\\./g, "").split('"').length - 1;
  return marks % 2 === 1 ? quoted.slice(1, -1) : quoted;
}
