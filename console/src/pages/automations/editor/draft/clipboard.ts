/** Steps as text, to be copied inside an automation, into another one, or into a file. */

import { parse, stringify } from "../../../../api/json";
import { type Definition, type Step, copies, isShaped } from "./model";

/** What other programs can tell our steps by. */
const KIND = "inlay/steps";

export function copied(steps: Step[]): string {
  return stringify({ kind: KIND, steps }, 2);
}

/** The steps of a text with ids that the definition does not have yet; null: there are none. */
export function pasted(definition: Definition, text: string): Step[] | null {
  const steps = stepsIn(text);
  return steps && steps.length > 0 ? copies(definition, steps) : null;
}

/** Takes what `copied` wrote, a whole definition, a list of steps, or one step. */
function stepsIn(text: string): Step[] | null {
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    return null;
  }
  const found = Array.isArray(value) ? { steps: value as unknown } : value;
  const isStep = typeof found === "object" && found !== null && "id" in found && "type" in found;
  const holder = isStep ? { steps: [found] } : found;
  return isShaped(holder) ? holder.steps : null;
}

let held: string | null = null;

/** Keeps what was copied for this tab, where the system's clipboard cannot be read. */
export function hold(text: string): void {
  held = text;
}

export function heldText(): string {
  return held ?? "";
}
