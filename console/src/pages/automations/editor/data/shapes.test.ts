import { describe, expect, it } from "vitest";
import type { Definition, Json, Step } from "../draft/model";
import { itemSchema, listOf, schemaAt } from "./shapes";
import { type OutputSchemas, type Source, sourcesAt } from "./sources";
import { childrenOf } from "./tree";

const ORDER = {
  type: "object",
  properties: {
    id: { type: "string" },
    lines: { type: "array", items: { type: "object", properties: { sku: { type: "string" } } } },
  },
};
const schemas: OutputSchemas = {
  component: (key) =>
    key === "shop.orders" ? { properties: { orders: { items: ORDER } } } : undefined,
  trigger: () => undefined,
};
const trigger = {
  type: "manual",
  input: { type: "object", properties: { orders: { type: "array", items: ORDER } } },
};
const step = (id: string, type: string, keys: { [key: string]: Json } = {}): Step => ({
  id,
  type,
  ...keys,
});
const at = (steps: Step[], path: (string | number)[]): Source[] =>
  sourcesAt({ trigger, steps } as Definition, path, schemas);
const names = (sources: Source[], expression: string) =>
  childrenOf(sources.find((one) => one.expression === expression) as Source).map(
    ({ title }) => title,
  );

describe("the list whose items an expression gives", () => {
  it.each([
    ["data.orders", "data.orders"],
    [" data.orders.filter(o, o.id != ')') ", "data.orders"],
    ['data.orders.filter(o, (o.id) == "").sortBy("id")', "data.orders"],
    ["default(data.orders, [])", "data.orders"],
    ["data.orders.map(o, o.id)", "data.orders.map(o, o.id)"],
    ["data.orders.filter(o, true).map(o, o.id)", "data.orders.filter(o, true).map(o, o.id)"],
  ])("of %s is %s", (expression, list) => {
    expect(listOf(expression)).toBe(list);
  });

  it("tells what its items have", () => {
    const roots = at([], ["steps", 0]);
    expect(itemSchema(roots, "data.orders.filter(o, o.id != '')")).toEqual(ORDER);
    expect(schemaAt(roots, "data.orders[0].lines[1].sku")).toEqual({ type: "string" });
    expect(itemSchema(roots, "range(3)")).toBeUndefined();
  });
});

describe("the fields of", () => {
  const inner = step("inner", "for-each", { items: "item.lines", itemName: "line", steps: [] });
  const loop = step("loop", "for-each", { items: "data.orders", steps: [inner] });

  it("an item are those of the list, also in a loop inside a loop", () => {
    const sources = at([loop], ["steps", 0, "steps", 0, "steps", 0]);
    expect(names(sources, "item")).toEqual(["id", "lines"]);
    expect(names(sources, "line")).toEqual(["sku"]);
  });

  it("a variable are those of what it is set to", () => {
    const set = step("keep", "set", { values: { first: "{{ data.orders[0] }}", map: { a: 1 } } });
    const [first, map] = childrenOf(
      at([set], ["steps", 1]).find(({ group }) => group === "vars") as Source,
    );
    expect(childrenOf(first as Source).map(({ title }) => title)).toEqual(["id", "lines"]);
    expect(childrenOf(map as Source).map(({ title }) => title)).toEqual(["a"]);
  });

  it("what a round hands to the next are those that it begins with", () => {
    const carry = { start: { cursor: "", items: [] }, next: "{{ carry }}" };
    const repeat = step("pages", "repeat", {
      until: "==",
      carry,
      steps: [step("page", "app", { component: "shop.orders" })],
    });
    for (const field of [["until"], ["output"], ["carry", "next"]]) {
      const sources = at([repeat], ["steps", 0, ...field]);
      expect(names(sources, "carry")).toEqual(["cursor", "items"]);
      expect(names(sources, "steps.page.output")).toEqual(["orders"]);
    }
    const start = at([repeat], ["steps", 0, "carry", "start"]).map(({ expression }) => expression);
    expect(start).not.toContain("carry");
    expect(names(at([repeat], ["steps", 1]), "steps.pages.output")).toEqual(["cursor", "items"]);
  });

  it("a loop's output are those of what each round gives", () => {
    const made = step("made", "for-each", {
      items: "data.orders",
      output: "{{ item }}",
      steps: [],
    });
    const [first] = childrenOf(
      at([made], ["steps", 1]).find(
        ({ expression }) => expression === "steps.made.output",
      ) as Source,
    );
    expect(childrenOf(first as Source).map(({ title }) => title)).toEqual(["id", "lines"]);
  });
});

describe("what may be missing is marked", () => {
  const set = (name: string) => step(`set_${name}`, "set", { values: { [name]: 1 } });
  const call = (id: string) => step(id, "app", { component: "shop.orders" });
  const check = (otherwise: Step[]) =>
    step("check", "condition", {
      name: "Is it paid?",
      branches: [{ when: "true", steps: [call("paid"), set("total")] }],
      otherwise,
    });
  const maybe = (steps: Step[], path: (string | number)[], expression: string) => {
    const sources = at(steps, path);
    return [...sources, ...sources.flatMap(childrenOf)].find((one) => one.expression === expression)
      ?.maybe;
  };

  it("after a branch, with the step that decides, and not inside of it", () => {
    const steps = [check([])];
    expect(maybe(steps, ["steps", 1], "steps.paid.output")).toBe("Is it paid?");
    expect(maybe(steps, ["steps", 1], "steps.paid.output.orders")).toBe("Is it paid?");
    expect(
      maybe(steps, ["steps", 0, "branches", 0, "steps", 1], "steps.paid.output"),
    ).toBeUndefined();
  });

  it("for a variable that not every branch sets", () => {
    expect(maybe([check([])], ["steps", 1], "vars.total")).toBe("Is it paid?");
    const other = step("other", "set", { values: { total: 2 } });
    expect(maybe([check([other])], ["steps", 1], "vars.total")).toBeUndefined();
    expect(maybe([set("total"), check([])], ["steps", 2], "vars.total")).toBeUndefined();
  });

  it("for the output of a step after which the run goes on when it fails", () => {
    const steps = [{ ...call("try"), onError: { action: "continue" } }];
    expect(maybe(steps, ["steps", 1], "steps.try.output")).toBe("try");
  });
});
