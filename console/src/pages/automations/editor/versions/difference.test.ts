import { describe, expect, it } from "vitest";
import { RESULT, TRIGGER } from "../draft/faults";
import { type Definition, insert, move, moveTo, remove, setIn } from "../draft/model";
import { changes, difference } from "./difference";

const base: Definition = {
  trigger: { type: "manual", input: { type: "object" } },
  steps: [
    { id: "a", type: "set", values: { text: "Hello", tags: ["x", "y"] } },
    {
      id: "check",
      type: "condition",
      branches: [{ name: "Big", when: "data.big", steps: [{ id: "b", type: "stop" }] }],
      otherwise: [],
    },
    { id: "c", type: "stop" },
    { id: "d", type: "stop" },
  ],
  result: "{{ vars.text }}",
};

const up = (definition: Definition) => move(definition, "d", -1);
const told = (after: Definition) =>
  difference(base, after).map(({ id, kind, isMoved, values }) => ({
    id,
    kind: isMoved && values.length === 0 ? "moved" : kind,
    values,
  }));

describe("difference", () => {
  it("is nothing between equals, in whatever order their keys are", () => {
    const turned = JSON.parse(JSON.stringify(base)) as Definition;
    turned.steps[0] = { values: { tags: ["x", "y"], text: "Hello" }, type: "set", id: "a" };
    expect(difference(base, turned)).toEqual([]);
  });

  it("tells each changed value before and after", () => {
    const after = setIn(
      setIn(base, ["steps", 0, "values", "text"], "Hi"),
      ["steps", 0, "name"],
      "N",
    );
    expect(told(after)).toEqual([
      {
        id: "a",
        kind: "changed",
        values: [
          { path: "values.text", before: "Hello", after: "Hi" },
          { path: "name", before: undefined, after: "N" },
        ],
      },
    ]);
  });

  it("tells what was added and removed, also inside branches", () => {
    const added = insert(base, ["steps", 1, "otherwise"], 0, { id: "new", type: "delay" });
    expect(told(added)).toEqual([{ id: "new", kind: "added", values: [] }]);
    expect(told(remove(base, "check")).map(({ id, kind }) => [id, kind])).toEqual([
      ["check", "removed"],
      ["b", "removed"],
    ]);
  });

  it("tells a move once: of the step that moved, not of those that it passed", () => {
    expect(told(up(up(base)))).toEqual([{ id: "d", kind: "moved", values: [] }]);
    const far = moveTo(base, "a", ["steps"], 4);
    expect(told(far).map(({ id, kind }) => [id, kind])).toEqual([["a", "moved"]]);
    const inside = moveTo(base, "c", ["steps", 1, "otherwise"], 0);
    expect(told(inside)).toEqual([{ id: "c", kind: "moved", values: [] }]);
  });

  it("does not call a step moved because another came before it", () => {
    const after = insert(base, ["steps"], 0, { id: "first", type: "stop" });
    expect(told(after)).toEqual([{ id: "first", kind: "added", values: [] }]);
  });

  it("compares a branch's own keys without the steps in it", () => {
    const after = setIn(base, ["steps", 1, "branches", 0, "when"], "true");
    expect(told(after)).toEqual([
      {
        id: "check",
        kind: "changed",
        values: [{ path: "branches[0].when", before: "data.big", after: "true" }],
      },
    ]);
  });

  it("tells of the trigger and the result", () => {
    const after: Definition = { ...base, trigger: { type: "app", component: "x.y" }, result: null };
    expect(difference(base, after).map(({ id }) => id)).toEqual([TRIGGER, RESULT]);
  });

  it("tells of a step that moved and changed both", () => {
    const after = setIn(up(up(base)), ["steps", 1, "message"], "End");
    expect(difference(base, after)).toMatchObject([
      { id: "d", kind: "changed", isMoved: true, values: [{ path: "message", after: "End" }] },
    ]);
  });
});

describe("changes", () => {
  it("tell items of lists by their place, and another kind of value as a whole", () => {
    expect(changes({ a: [1, 2] }, { a: [1, 3, 4] })).toEqual([
      { path: "a[1]", before: 2, after: 3 },
      { path: "a[2]", before: undefined, after: 4 },
    ]);
    expect(changes({ a: [1] }, { a: { 0: 1 } })).toEqual([
      { path: "a", before: [1], after: { 0: 1 } },
    ]);
  });
});
