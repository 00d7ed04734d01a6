import { describe, expect, it } from "vitest";
import { RESULT, TRIGGER, faultAt, faultsByStep, stepOfPath } from "./faults";
import type { Definition } from "./model";

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
