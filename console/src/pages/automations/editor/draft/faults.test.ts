import { describe, expect, it } from "vitest";
import { RESULT, TRIGGER, faultAt, faultsBeside, faultsByStep, stepOfPath } from "./faults";
import { type Definition, walk } from "./model";
import { fieldsOf } from "../forms/stepFields";

const definition: Definition = {
  steps: [
    { id: "trigger", type: "set", values: {} },
    { id: "loop", type: "for-each", steps: [{ id: "inner", type: "app", inputs: {} }] },
  ],
};
const fault = (path: string) => ({ path, message: `wrong at ${path}` });

describe("a fault", () => {
  it.each([
    ["trigger.inputs.cron", TRIGGER],
    ["result", RESULT],
    ["steps[0].values.x", "trigger"],
    ["steps[1].items", "loop"],
    ["steps[1].steps[0].inputs.to", "inner"],
    ["steps", null],
    ["steps[10].id", null],
  ])("at %s belongs to %s", (path, owner) => {
    expect(stepOfPath(definition, path)).toBe(owner);
  });

  it("of a step inside another is the inner one's only", () => {
    const found = faultsByStep(definition, [fault("steps[1].steps[0].inputs.to")]);
    expect([...found.keys()]).toEqual(["inner"]);
  });

  it("inside a value is told at the value's field, not at one of a similar name", () => {
    const faults = [fault("steps[0].inputs.to.name"), fault("steps[0].inputs.topic")];
    expect(faultAt(faults, ["steps", 0, "inputs", "to"])).toBe("wrong at steps[0].inputs.to.name");
    expect(faultAt(faults, ["steps", 0, "inputs", "t"])).toBeUndefined();
  });
});

describe("the fields of a step", () => {
  const steps: Definition = {
    steps: [
      { id: "send", type: "app", component: "mail.send", inputs: { "reply.to": "", odd: 1 } },
      { id: "check", type: "condition", branches: [{ when: "", steps: [] }], otherwise: [] },
      { id: "loop", type: "for-each", items: "", steps: [] },
      { id: "vars", type: "set", values: { total: "" } },
      { id: "pick", type: "switch", value: "", cases: [{ equals: 1, steps: [] }], default: [] },
      { id: "more", type: "call", automationId: "", data: { name: "" } },
    ],
  };
  const schema = { type: "object", properties: { to: { type: "string" } } };
  const beside = (index: number, ...paths: string[]) => {
    const place = walk(steps)[index];
    if (!place) throw new Error("there is no such step");
    const fields = fieldsOf(place.step, schema).map((field) => [...place.path, ...field]);
    return faultsBeside(paths.map(fault), fields).map(({ path }) => path);
  };

  it.each([
    [0, "steps[0].inputs.to"],
    [0, "steps[0].inputs.reply.to"],
    [0, "steps[0].inputs.odd[2].x"],
    [0, "steps[0].onError.retry.maxAttempts"],
    [0, "steps[0].name"],
    [1, "steps[1].branches[0].when"],
    [2, "steps[2].items"],
    [2, "steps[2].itemName"],
    [2, "steps[2].output.total"],
    [3, "steps[3].values.total"],
    [4, "steps[4].cases[0].equals"],
    [5, "steps[5].automationId"],
    [5, "steps[5].data.name"],
  ])("of step %i tell what is wrong at %s", (index, path) => {
    expect(beside(index, path)).toEqual([]);
  });

  it("leave to the top of the form what none of them shows", () => {
    expect(beside(0, "steps[0].component", "steps[0].inputs", "steps[0].inputs.other")).toEqual([
      "steps[0].component",
      "steps[0].inputs",
      "steps[0].inputs.other",
    ]);
    expect(beside(1, "steps[1].branches", "steps[1].branches[3].when")).toHaveLength(2);
    expect(beside(2, "steps[2]", "steps[2].steps")).toHaveLength(2);
  });
});
