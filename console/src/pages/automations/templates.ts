/** What a new automation can begin with. */

import type { Definition } from "./editor/model";

export const TEMPLATES = ["empty", "greet", "approval", "loop", "schedule", "webhook"] as const;
export type Template = (typeof TEMPLATES)[number];

const text = (title: string) => ({ type: "string", title });

export const DEFINITIONS: Record<Template, Definition> = {
  empty: { trigger: { type: "manual", input: { type: "object" } }, steps: [] },
  greet: {
    trigger: {
      type: "manual",
      input: {
        type: "object",
        properties: { name: { ...text("Name"), default: "Ada" } },
        required: ["name"],
      },
    },
    steps: [
      { id: "greet", type: "set", name: "Greet", values: { text: "Hello {{ data.name }}!" } },
    ],
    result: "{{ vars.text }}",
  },
  approval: {
    trigger: {
      type: "manual",
      input: {
        type: "object",
        properties: { request: { ...text("Request"), default: "A day off" } },
        required: ["request"],
      },
    },
    steps: [
      {
        id: "approval",
        type: "approval",
        name: "Ask for approval",
        message: "{{ data.request }}",
      },
      {
        id: "check",
        type: "condition",
        name: "Was it approved?",
        branches: [
          {
            name: "Approved",
            when: "steps.approval.output.approved",
            steps: [{ id: "yes", type: "set", values: { answer: "approved" } }],
          },
        ],
        otherwise: [{ id: "no", type: "set", values: { answer: "rejected" } }],
      },
    ],
    result: "{{ vars.answer }}",
  },
  loop: {
    trigger: {
      type: "manual",
      input: {
        type: "object",
        properties: {
          names: {
            type: "array",
            title: "Names",
            items: { type: "string" },
            default: ["Ada", "Grace"],
          },
        },
        required: ["names"],
      },
    },
    steps: [
      {
        id: "loop",
        type: "for-each",
        name: "For each name",
        items: "data.names",
        steps: [{ id: "greet", type: "set", values: { line: "Hello {{ item }}" } }],
        output: "{{ vars.line }}",
      },
    ],
    result: "{{ steps.loop.output }}",
  },
  schedule: {
    trigger: {
      type: "app",
      component: "schedule.cron",
      inputs: { cron: "0 9 * * MON-FRI", timezone: "UTC" },
      replaceEndUserConnection: true,
    },
    steps: [
      {
        id: "note",
        type: "set",
        name: "Note the time",
        values: { text: "Started at {{ event.firedAt }}" },
      },
    ],
    result: "{{ vars.text }}",
  },
  webhook: {
    trigger: {
      type: "app",
      component: "webhook.received",
      inputs: { methods: ["POST"] },
      replaceEndUserConnection: true,
    },
    steps: [
      {
        id: "read",
        type: "set",
        name: "Read the request",
        values: { received: "{{ event.body }}" },
      },
    ],
    result: "{{ vars.received }}",
  },
};

/** What an exported file holds. */
export interface Exported {
  name: string;
  definition: Record<string, unknown>;
}

/** Reads an exported file, or a bare definition; null: it is neither. */
export function imported(source: string, fallbackName: string): Exported | null {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const holder = value as Record<string, unknown>;
  const definition = "definition" in holder ? holder.definition : holder;
  if (typeof definition !== "object" || definition === null || !("steps" in definition))
    return null;
  const name = typeof holder.name === "string" && holder.name.trim() ? holder.name : fallbackName;
  return { name: name.slice(0, 200), definition: definition as Record<string, unknown> };
}
