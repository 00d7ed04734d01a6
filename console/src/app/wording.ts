/**
 * What is wrong, in the user's language: made of a fault's code and parameters as the API makes its
 * English sentence of them (docs/errors.md tells the forms of templates).
 */

import i18n from "i18next";
import type { ApiError, Fault } from "../api/client";
import type { Words } from "./i18n";

type Params = NonNullable<Fault["params"]>;

/** The sentence of a fault; the API's own where the language has none for its code. */
export function worded(fault: Fault): string {
  const catalogue = catalogueOf(i18n.language);
  if (!catalogue || !fault.code || !(fault.code in catalogue)) return fault.message;
  const sentence = word(catalogue, fault.code, fault.params ?? {}, i18n.language);
  const first = sentence.charAt(0).toLocaleUpperCase(i18n.language);
  return `${first}${sentence.slice(1)}${/[.?!]$/.test(sentence) ? "" : "."}`;
}

/** The sentence of a refusal; of one that tells several faults, the first with its place. */
export function wordedError(error: Error & Partial<Pick<ApiError, "faults">>): string {
  const [first, ...others] = error.faults ?? [];
  if (!first || worded(first) === first.message) return error.message;
  const told = first.path ? `${first.path}: ${worded(first)}` : worded(first);
  return others.length > 0 ? `${told} (+${others.length})` : told;
}

/** The templates of a language by code; the API's messages themselves are English. */
function catalogueOf(language: string | undefined): Words | undefined {
  if (!language) return undefined;
  const words = i18n.getResource(language.split("-")[0] ?? "", "translation", "faults") as unknown;
  return words as Words | undefined;
}

/** A template with its parameters filled in. */
export function word(catalogue: Words, code: string, params: Params, language: string): string {
  const template = catalogue[code] ?? code;
  return template.replace(/\{(\w+)(?::(\w+))?\}/g, (_, name: string, form?: string) => {
    const value = params[name];
    if (value === undefined) return "";
    if (form === "entry") return word(catalogue, String(value), params, language);
    return inForm(catalogue, form, value, language);
  });
}

function inForm(
  catalogue: Words,
  form: string | undefined,
  value: string | number,
  language: string,
): string {
  const kinds = () =>
    String(value)
      .split(",")
      .map((kind) => catalogue[`kind-${kind}`] ?? kind);
  switch (form) {
    case "number":
      return typeof value === "number" ? value.toLocaleString(language) : String(value);
    case "kinds":
      return kinds().join(catalogue["word-or"]);
    case "both":
      return [...kinds().slice(0, -2), kinds().slice(-2).join(catalogue["word-and"])].join(", ");
    case "thing":
      return thing(catalogue, String(value));
    case "names":
      return String(value).replace(/^trigger\b/, catalogue["word-trigger"] ?? "trigger");
    default:
      return String(value);
  }
}

/** A part of an expression: as it is written, or what it is called. */
function thing(catalogue: Words, text: string): string {
  if (text.startsWith("`")) return text;
  const end = text.indexOf(" ");
  const name = end < 0 ? text : text.slice(0, end);
  const inside = end < 0 ? "" : thing(catalogue, text.slice(end + 1));
  return (catalogue[`thing-${name}`] ?? text).replace("{of}", inside);
}
