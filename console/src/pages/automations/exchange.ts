/** Automations as files: exported, and read again. */

import { parse, stringify } from "../../api/json";
import type { Definition, Json } from "./editor/draft/model";
import { withoutSecrets } from "./editor/draft/secrets";

/** The id of the form that makes an automation, whatever it begins with. */
export const CREATE_FORM = "create-automation";

/** What an exported file holds. */
export interface Exported {
  name: string;
  definition: Record<string, unknown>;
  /** Where secrets are to be entered that were left out. */
  secrets?: string[];
}

export function exported(name: string, definition: Definition): string {
  const { value, secrets } = withoutSecrets(definition as unknown as Json);
  return stringify({ name, definition: value, ...(secrets.length > 0 && { secrets }) }, 2);
}

/** Has the browser save an automation as a file. */
export function download(name: string, definition: Definition): void {
  const file = new Blob([exported(name, definition)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${name.replace(/[^\p{L}\p{N}]+/gu, "-")}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Reads an exported file, or a bare definition; null: it is neither. */
export function imported(source: string, fallbackName: string): Exported | null {
  let value: unknown;
  try {
    value = parse(source);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const holder = value as Record<string, unknown>;
  const definition = "definition" in holder ? holder.definition : holder;
  if (typeof definition !== "object" || definition === null || !("steps" in definition))
    return null;
  const name = typeof holder.name === "string" && holder.name.trim() ? holder.name : fallbackName;
  const secrets = Array.isArray(holder.secrets) ? holder.secrets.map(String) : [];
  return {
    name: name.slice(0, 200),
    definition: definition as Record<string, unknown>,
    ...(secrets.length > 0 && { secrets }),
  };
}

/** A name that no automation has yet: `Orders`, else `Orders (2)`. */
export function freeName(name: string, taken: string[]): string {
  let number = 2;
  let free = name;
  while (taken.includes(free)) free = `${name} (${number++})`;
  return free;
}
