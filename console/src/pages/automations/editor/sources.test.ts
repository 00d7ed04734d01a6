import { describe, expect, it } from "vitest";
import type { Definition } from "./model";
import { inserted, isExpression, member, sourcesAt } from "./sources";

const definition: Definition = {
  trigger: {
    type: "manual",
    input: {
      type: "object",
      properties: {
        order: { type: "object", properties: { total: { type: "number", title: "Total" } } },
      },
    },
  },
  steps: [
    { id: "first", type: "app", component: "http.request" },
    {
      id: "check",
      type: "condition",
      branches: [
        { when: "true", steps: [{ id: "yes", type: "approval" }] },
        { when: "true", steps: [{ id: "also", type: "set", values: { note: 1 } }] },
      ],
      otherwise: [],
    },
    {
      id: "loop",
      type: "for-each",
      itemName: "order",
      steps: [
        { id: "inner", type: "app", component: "http.request" },
        { id: "second", type: "delay", seconds: 1 },
      ],
    },
    { id: "last", type: "stop" },
  ],
};

const schemas = {
  component: (key: string) =>
    key === "http.request"
      ? { type: "object", properties: { status: { type: "integer" }, "x-id": {} } }
      : undefined,
  trigger: () => ({ type: "object", properties: { firedAt: { type: "string" } } }),
};

const at = (path: (string | number)[], of = definition) =>
  sourcesAt(of, path, schemas).map((source) => source.expression);

describe("the data picker", () => {
  it("offers the run's data with its fields", () => {
    const total = sourcesAt(definition, ["steps", 0], schemas).find(
      (source) => source.expression === "data.order.total",
    );
    expect(total).toEqual({
      group: "data",
      expression: "data.order.total",
      title: "Total",
      type: "number",
    });
  });

  it("offers only steps that come before", () => {
    expect(at(["steps", 0, "inputs", "url"])).not.toContain("steps.first.output");
    expect(at(["steps", 1, "branches", 0, "when"])).toContain("steps.first.output.status");
  });

  it("keeps the branches of a condition apart, and shows both after it", () => {
    const inSecond = at(["steps", 1, "branches", 1, "steps", 0]);
    expect(inSecond).not.toContain("steps.yes.output.approved");
    const after = at(["steps", 3]);
    expect(after).toContain("steps.yes.output.approved");
    expect(after).toContain("vars.note");
  });

  it("shows a loop's names and steps only inside it", () => {
    const inside = at(["steps", 2, "steps", 1, "seconds"]);
    expect(inside).toEqual(expect.arrayContaining(["order", "index", "steps.inner.output"]));
    const outside = at(["steps", 3]);
    expect(outside).not.toContain("order");
    expect(outside).not.toContain("steps.inner.output");
    expect(outside).toContain("steps.loop.output");
  });

  it("lets an iteration's output see the whole iteration, but not the loop's list", () => {
    expect(at(["steps", 2, "output"])).toEqual(
      expect.arrayContaining(["order", "steps.inner.output"]),
    );
    expect(at(["steps", 2, "items"])).not.toContain("order");
  });

  it("offers a variable that two steps set once", () => {
    const twice: Definition = {
      steps: ["a", "b"].map((id) => ({ id, type: "set", values: { text: id } })),
    };
    expect(at(["result"], twice).filter((one) => one === "vars.text")).toHaveLength(1);
  });

  it("lets the result see all steps", () => {
    expect(at(["result"])).toContain("steps.loop.output");
  });

  it("offers the event of an app's trigger to steps, not to the trigger itself", () => {
    const triggered: Definition = { trigger: { type: "app", component: "s.cron" }, steps: [] };
    expect(at(["result"], triggered)).toContain("event.firedAt");
    expect(at(["trigger", "inputs", "cron"], triggered)).toEqual([
      "data",
      "run.userId",
      "run.id",
      "run.startedAt",
    ]);
  });

  it("writes names that are no identifiers in brackets", () => {
    expect(member("steps.a.output", "x-id")).toBe('steps.a.output["x-id"]');
    expect(at(["steps", 3])).toContain('steps.first.output["x-id"]');
  });
});

describe("inserting", () => {
  it("takes the place of what is selected", () => {
    expect(inserted("Hello NAME!", "data.name", 6, 10, false)).toEqual({
      text: "Hello {{ data.name }}!",
      caret: 21,
    });
  });

  it("needs no braces where an expression stands bare", () => {
    expect(inserted("", "data.ok", 0, 0, true).text).toBe("data.ok");
  });
});

it("knows an expression from text and from escaped braces", () => {
  expect(isExpression("{{ data.x }}")).toBe(true);
  expect(isExpression("plain")).toBe(false);
  expect(isExpression("\\{{ not one")).toBe(false);
  expect(isExpression(3)).toBe(false);
});
