/** The kinds of steps that belong to the flow, and what a new one begins with. */

import { UNSET } from "../forms/rules";
import { type Definition, type JsonObject, type Step, freshId } from "./model";

export const FLOW_TYPES = [
  "condition",
  "switch",
  "for-each",
  "repeat",
  "delay",
  "wait-until",
  "approval",
  "callback",
  "call",
  "set",
  "stop",
] as const;

export type FlowType = (typeof FLOW_TYPES)[number];

const BEGINNINGS: Record<FlowType, { base: string; keys: JsonObject }> = {
  condition: { base: "check", keys: { branches: [{ when: UNSET, steps: [] }], otherwise: [] } },
  switch: {
    base: "choose",
    keys: { value: "", cases: [{ steps: [] }], default: [] },
  },
  "for-each": { base: "each", keys: { items: "", steps: [] } },
  repeat: { base: "repeat", keys: { until: UNSET, maxTimes: 10, steps: [] } },
  delay: { base: "wait", keys: { seconds: 60 } },
  "wait-until": { base: "wait_until", keys: { at: "" } },
  approval: { base: "approval", keys: { message: "" } },
  callback: { base: "callback", keys: {} },
  call: { base: "call", keys: { automationId: "", data: {} } },
  set: { base: "set", keys: { values: {} } },
  stop: { base: "stop", keys: { status: "completed" } },
};

export function isFlowType(type: string): type is FlowType {
  return (FLOW_TYPES as readonly string[]).includes(type);
}

export function newFlowStep(definition: Definition, type: FlowType): Step {
  const { base, keys } = BEGINNINGS[type];
  return { ...structuredClone(keys), id: freshId(definition, base), type };
}

/** An action; its switch is on, so that it runs with the end user's connection. */
export function newAppStep(definition: Definition, component: string, name: string): Step {
  return {
    id: freshId(definition, name),
    type: "app",
    component,
    name,
    inputs: {},
    replaceEndUserConnection: true,
  };
}
