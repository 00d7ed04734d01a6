/** Which places inside a step its form has a field for: there the faults of that place stand. */

import { type Json, type Path, type Step, getIn } from "../draft/model";
import { OF_RETRY } from "../draft/places";
import { policyOf } from "./retry";
import type { Schema } from "../data/sources";

const CARRY: Path[] = [
  ["carry", "start"],
  ["carry", "next"],
  ["carry", "name"],
];
const FIXED: Record<string, Path[]> = {
  switch: [["value"]],
  "for-each": [["items"], ["itemName"], ["indexName"], ["parallelism"], ["output"], ...CARRY],
  repeat: [["until"], ["maxTimes"], ["indexName"], ["output"], ...CARRY],
  delay: [["seconds"]],
  "wait-until": [["at"]],
  approval: [["who"], ["message"], ["expiresIn"]],
  callback: [["expiresIn"]],
  call: [["automationId"]],
  stop: [["status"], ["message"], ["result"]],
};

/** Paths relative to the step; `inputs` is the schema of an action's inputs. */
export function fieldsOf(step: Step, inputs: Schema | undefined): Path[] {
  const isOwnRetry = policyOf(getIn(step, ["onError", "retry"])) === "own";
  return [
    ["id"],
    ["name"],
    ["onError", "action"],
    ...(step.type !== "app"
      ? []
      : isOwnRetry
        ? OF_RETRY.map((key): Path => ["onError", "retry", key])
        : [["onError", "retry"] as Path]),
    ...(FIXED[step.type] ?? []),
    ...several(step),
    ...(step.type === "app" ? inputFields(["inputs"], step.inputs, inputs) : []),
  ];
}

/** The fields of a component's inputs, and of what stands there without being known. */
export function inputFields(at: Path, value: Json | undefined, schema: Schema | undefined): Path[] {
  return [...new Set([...names(schema?.properties), ...names(value)])].map((name) => [...at, name]);
}

function several(step: Step): Path[] {
  const entries = (list: string, ...keys: string[]): Path[] => {
    const found = step[list];
    const count = Array.isArray(found) ? found.length : 0;
    return Array.from({ length: count }, (_, index) => index).flatMap((index) =>
      keys.map((key): Path => [list, index, key]),
    );
  };
  switch (step.type) {
    case "condition":
      return entries("branches", "name", "when");
    case "switch":
      return entries("cases", "name", "equals");
    case "set":
      return names(step.values).map((name) => ["values", name]);
    case "call":
      return names(step.data).map((name) => ["data", name]);
    default:
      return [];
  }
}

function names(value: Json | undefined): string[] {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.keys(value)
    : [];
}
