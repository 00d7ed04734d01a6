/** Which widget a JSON Schema asks for, and how its value is written and read. */

import { parse, stringify } from "../../../../api/json";
import type { Json } from "../draft/model";
import { isExpression } from "../data/expressions";
import type { Schema } from "../data/sources";

export type Widget = "text" | "long" | "number" | "boolean" | "choice" | "choices" | "json";

const LONG = 300;

export function widgetOf(schema: Schema): Widget {
  if (Array.isArray(schema.enum)) return "choice";
  switch (schema.type) {
    case "string":
      return typeof schema.maxLength === "number" && schema.maxLength <= LONG ? "text" : "long";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "array": {
      const items = schema.items as Schema | undefined;
      return Array.isArray(items?.enum) && items.enum.every((one) => typeof one === "string")
        ? "choices"
        : "json";
    }
    default:
      return "json";
  }
}

/** Whether a widget can show a value; what it cannot is shown as text, in which it can be computed. */
export function canShow(widget: Widget | "options", value: Json | undefined): boolean {
  switch (widget) {
    case "options":
      return !isComputed(value);
    case "choices":
      return value === undefined || (Array.isArray(value) && !isComputed(value));
    case "number":
    case "boolean":
    case "choice":
      return !isExpression(value) && typeof value !== "object";
    default:
      return true;
  }
}

/** Whether an expression is anywhere in a value. */
export function isComputed(value: Json | undefined): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(isComputed);
  return isExpression(value);
}

/** How a value stands in a text field for JSON: text as it is, unless it reads as JSON itself. */
export function written(value: Json | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "string" && !isJson(value)) return value;
  return stringify(value, 2);
}

/** The value that such a text means; nothing is no value. */
export function read(text: string): Json | undefined {
  if (text.trim() === "") return undefined;
  return isJson(text) ? (parse(text) as Json) : text;
}

function isJson(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The choices of an enum, of any JSON values, by the text that stands for each. */
export function choicesOf(schema: Schema): { text: string; value: Json }[] {
  const values = Array.isArray(schema.enum) ? schema.enum : [];
  return values.map((value) => ({
    text: typeof value === "string" ? value : stringify(value),
    value,
  }));
}
