import { createInstance } from "i18next";
import { describe, expect, it } from "vitest";
import automations from "../../../../locales/en/automations.json";
import editor from "../../../../locales/en/editor.json";
import type { Catalogue } from "./catalogue";
import type { Definition } from "./model";
import { told } from "./places";

const i18n = createInstance();
await i18n.init({ lng: "en", resources: { en: { translation: { automations, editor } } } });
const inputSchema = {
  properties: {
    title: { title: "Title" },
    people: { title: "People", items: { properties: { mail: { title: "Email" } } } },
  },
};
const catalogue = {
  apps: new Map([
    [
      "desk",
      {
        components: [{ key: "desk.open", inputSchema }],
        triggers: [{ key: "desk.new", inputSchema }],
      },
    ],
  ]),
  isPending: false,
  error: null,
} as unknown as Catalogue;
const definition: Definition = {
  trigger: { type: "app", component: "desk.new", inputs: {} },
  steps: [
    {
      id: "check",
      name: "Is it paid?",
      type: "condition",
      branches: [
        {
          name: "Paid",
          when: "data.paid ==",
          steps: [{ id: "open", type: "app", component: "desk.open" }],
        },
      ],
    },
    { id: "loop", type: "for-each", items: "", steps: [] },
    { id: "note", type: "set", values: {} },
  ],
};
const name = (path: string) => told(i18n.t, definition, catalogue, { path, message: "" }).name;

describe("a fault", () => {
  it.each([
    ["steps[0].branches[0].steps[0].inputs.title", "open · Title"],
    ["steps[0].branches[0].steps[0].inputs.people[1].mail", "open · People · 2 · Email"],
    ["steps[0].branches[0].steps[0].inputs.else", "open · else"],
    ["steps[0].branches[0].steps[0].onError.retry.maxAttempts", "open · Tries at most"],
    ["steps[0].branches[0].name", "Is it paid? · Branch 1 “Paid” · Name"],
    ["steps[1].items", "loop · List"],
    ["steps[1].steps", "loop · Steps"],
    ["steps[2].values.total", "note · total"],
    ["trigger.inputs.title", "Trigger · Title"],
    ["definition.steps[1].itemName", "loop · Name of the item"],
    ["result.total", "Result · total"],
    ["", "The whole draft"],
  ])("at %s is told as “%s”", (path, expected) => {
    expect(name(path)).toBe(expected);
  });

  it("of a rule that is not finished says so, not where its expression breaks off", () => {
    const fault = { path: "steps[0].branches[0].when", message: "at character 12: cannot be read" };
    const { name, message, id } = told(i18n.t, definition, catalogue, fault);
    expect([id, name]).toEqual(["check", "Is it paid? · Branch 1 “Paid” · When"]);
    expect(message).toContain("A rule is not finished");
  });
});
