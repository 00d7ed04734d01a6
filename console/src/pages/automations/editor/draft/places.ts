/** What the places of a definition are called where people read of them. */

import type { TFunction } from "i18next";
import { type Catalogue, componentOf, triggerOf } from "./catalogue";
import { RESULT, stepOfPath } from "./faults";
import {
  type Definition,
  type Json,
  type Path,
  type Step,
  find,
  formatPath,
  getIn,
  parsePath,
} from "./model";
import { isUnfinished } from "../forms/rules";
import { labelOfPlace } from "../flow/labels";
import { worded } from "../../../../app/wording";
import type { Fault } from "../../../../api/client";
import type { Schema } from "../data/sources";

/** A fault as people read it. */
export interface Told {
  /** Leads to the step; null where there is none. */
  id: string | null;
  /** Of the step, and of the field if it is about one: `Create a ticket · Title`. */
  name: string;
  message: string;
}

/** A fault with names in place of its path. */
export function told(
  t: TFunction,
  definition: Definition,
  catalogue: Catalogue,
  fault: Fault,
): Told {
  // When a draft is refused as it is saved, it is a part of what was sent.
  const text = fault.path.replace(/^definition\.?/, "");
  const id = stepOfPath(definition, text);
  if (id === null)
    return { id, name: text || t("automations.definitionWhole"), message: worded(fault) };
  const place = find(definition, id);
  const path = parsePath(text);
  const holder = place?.step ?? definition.trigger ?? null;
  const inner = place ? path.slice(place.path.length) : path.slice(1);
  const at = getIn(definition, path);
  const isRule =
    ["when", "until"].includes(String(inner.at(-1))) && typeof at === "string" && isUnfinished(at);
  const step = labelOfPlace(t, id, place?.step);
  const field =
    id === RESULT ? formatPath(inner) : fieldOf(t, holder, inner, schemaOf(catalogue, holder));
  return {
    id,
    name: field ? `${step} · ${field}` : step,
    message: isRule ? t("editor.ruleUnfinished") : worded(fault),
  };
}

/** The schema of the inputs of an action or a trigger. */
export function schemaOf(catalogue: Catalogue, holder: Json): Schema | undefined {
  const key = getIn(holder, ["component"]);
  const found = componentOf(catalogue, key) ?? triggerOf(catalogue, key);
  return found?.inputSchema as Schema | undefined;
}

const LABELS: Record<string, string> = {
  id: "automations.stepId",
  name: "automations.stepName",
  input: "automations.inputSchema",
  replaceEndUserConnection: "automations.replaceConnection",
  onError: "automations.onError",
  action: "automations.onError",
  retry: "editor.retry",
};
const CARRY: Record<string, string> = {
  start: "automations.field_carryStart",
  next: "automations.field_carryNext",
  name: "automations.field_carry_name",
};
/** The settings of a retry of its own, each of which has a field. */
export const OF_RETRY = [
  "maxAttempts",
  "giveUpAfter",
  "initialInterval",
  "backoff",
  "maxInterval",
  "evenIfUnknown",
];
const NAMED_BY_PEOPLE = ["values", "data"];

/** A place inside a step or a trigger, by the labels that its form has. */
export function fieldOf(
  t: TFunction,
  holder: Step | Json,
  inner: Path,
  inputs: Schema | undefined,
): string {
  const [first, second, ...rest] = inner;
  if (first === undefined) return "";
  if (first === "inputs" && second !== undefined) return titles(inputs, [second, ...rest]);
  if (NAMED_BY_PEOPLE.includes(String(first)) && second !== undefined)
    return formatPath([second, ...rest]);
  if ((first === "branches" || first === "cases") && typeof second === "number") {
    const name = getIn(holder, [first, second, "name"]);
    const place = t(`automations.${first}_one`, { number: second + 1 });
    const entry =
      typeof name === "string" && name ? t("automations.entry", { place, name }) : place;
    return [entry, ...(rest.length > 0 ? [fieldOf(t, null, rest, undefined)] : [])].join(" · ");
  }
  if (first === "onError" && second !== undefined)
    return fieldOf(t, null, [second, ...rest], undefined);
  if (first === "retry" && second !== undefined && OF_RETRY.includes(String(second)))
    return t(`editor.retry_${second}`);
  if (first === "carry" && typeof second === "string")
    return t(CARRY[second] ?? "automations.field_carry");
  const key = LABELS[String(first)] ?? `automations.field_${first}`;
  const label = t(key, { defaultValue: String(first) });
  const below = formatPath(inner.slice(1));
  return below ? `${label} · ${below}` : label;
}

/** The titles of a schema on the way to a value: `Attendees · 2 · Email`. */
function titles(schema: Schema | undefined, path: Path): string {
  const told: string[] = [];
  let here: Json | undefined = schema;
  for (const part of path) {
    here = typeof part === "number" ? getIn(here, ["items"]) : getIn(here, ["properties", part]);
    const title = getIn(here, ["title"]);
    told.push(
      typeof part === "number" ? String(part + 1) : typeof title === "string" ? title : part,
    );
  }
  return told.join(" · ");
}
