/** Faults as the API tells them, brought to the step and the field that they are about. */

import type { Fault } from "../../../../api/client";
import { worded } from "../../../../app/wording";
import { type Definition, type Path, formatPath, parsePath, startsWith, walk } from "./model";

/** What stands for the trigger and the result among the ids of steps; no step can have such ids. */
export const TRIGGER = "$trigger";
export const RESULT = "$result";

/** The id of the innermost step at a path, `TRIGGER`, `RESULT`, or null. */
export function stepOfPath(definition: Definition, path: string): string | null {
  const place = parsePath(path);
  if (place[0] === "trigger") return TRIGGER;
  if (place[0] === "result") return RESULT;
  const around = walk(definition).filter((step) => startsWith(place, step.path));
  return around.at(-1)?.step.id ?? null;
}

/** The faults of each step; those of steps inside it count as theirs only. */
export function faultsByStep(definition: Definition, faults: Fault[]): Map<string, Fault[]> {
  const found = new Map<string, Fault[]>();
  for (const fault of faults) {
    const id = stepOfPath(definition, fault.path);
    if (id !== null) found.set(id, [...(found.get(id) ?? []), fault]);
  }
  return found;
}

/** What is wrong at a field or inside its value. */
export function faultAt(faults: Fault[], path: Path): string | undefined {
  const at = faults.filter((fault) => isAt(fault, formatPath(path)));
  return at.length > 0 ? at.map(worded).join(" ") : undefined;
}

/** What no field of a form can tell: it stands above the form. */
export function faultsBeside(faults: Fault[], fields: Path[]): Fault[] {
  const places = fields.map(formatPath);
  return faults.filter((fault) => !places.some((place) => isAt(fault, place)));
}

// As texts, because a name may hold a dot or a bracket itself.
function isAt({ path }: Fault, place: string): boolean {
  return path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`);
}
