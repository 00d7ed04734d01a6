import { describe, expect, it } from "vitest";
import type { Definition, Json } from "../draft/model";
import { childrenOf, lineOf, openAtFirst, rowsOf, typeOf } from "./tree";
import { type Source, sampleOf, sourcesAt } from "./sources";
import { member } from "./expressions";

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
    { id: "first", type: "app", component: "http.request", onError: { action: "continue" } },
    {
      id: "check",
      type: "condition",
      branches: [
        { when: "true", steps: [{ id: "yes", type: "approval", name: "Ask the boss" }] },
        { when: "true", steps: [{ id: "also", type: "set", values: { note: 1 } }] },
      ],
      otherwise: [],
    },
    {
      id: "loop",
      type: "for-each",
      itemName: "order",
      items: "steps.first.output.rows",
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

const samples = {
  data: { order: { total: 12.5 }, "sent by": "Ada" },
  event: null,
  steps: { first: { output: { status: 200, rows: [{ name: "Pen" }, { name: "Ink" }] } } },
};

const at = (path: (string | number)[], of = definition) => all(sourcesAt(of, path, schemas));

/** Every entry of the trees, by its expression. */
function all(sources: Source[]): string[] {
  return sources.flatMap((source) => [source.expression, ...all(childrenOf(source))]);
}

describe("the data picker", () => {
  it("offers the run's data with its fields", () => {
    const rows = rowsOf(sourcesAt(definition, ["steps", 0], schemas), new Set(["data"]), "total");
    expect(rows.map(({ source, level }) => [source.expression, source.title, level])).toEqual([
      ["data", "data", 1],
      ["data.order", "order", 2],
      ["data.order.total", "Total", 3],
    ]);
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

  it("names a step as people do", () => {
    const found = sourcesAt(definition, ["steps", 3], schemas);
    const asked = found.find(({ expression }) => expression === "steps.yes.output");
    expect(asked?.title).toBe("Ask the boss");
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

  it("offers the error of a step only where the run goes on after it", () => {
    expect(at(["steps", 3])).toContain("steps.first.error.message");
    expect(at(["steps", 3])).not.toContain("steps.loop.error");
  });

  it("offers a variable that two steps set once, with the later value", () => {
    const twice: Definition = {
      steps: ["a", "b"].map((id) => ({ id, type: "set", values: { text: id } })),
    };
    expect(at(["result"], twice).filter((one) => one === "vars.text")).toHaveLength(1);
    const known = { a: { output: { text: "old" } }, b: { output: { text: "new" } } };
    const found = sourcesAt(twice, ["result"], schemas, { data: null, event: null, steps: known });
    expect(found.find(({ group }) => group === "vars")?.sample).toEqual({ text: "new" });
  });

  it("lets the result see all steps", () => {
    expect(at(["result"])).toContain("steps.loop.output");
  });

  it("offers the URL of a callback before it waits", () => {
    const waiting: Definition = {
      steps: [
        { id: "send", type: "app", component: "http.request" },
        { id: "answer", type: "callback" },
      ],
    };
    expect(at(["steps", 0, "inputs", "url"], waiting)).toContain("callbacks.answer");
  });

  it("offers the event of an app's trigger to steps, not to the trigger itself", () => {
    const triggered: Definition = { trigger: { type: "app", component: "s.cron" }, steps: [] };
    expect(at(["result"], triggered)).toContain("event.firedAt");
    expect(at(["trigger", "inputs", "cron"], triggered)).toEqual([
      "data",
      "run",
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

describe("samples", () => {
  const after = sourcesAt(definition, ["steps", 3], schemas, samples);
  const step = after.find(({ expression }) => expression === "steps.first.output");

  it("open what no schema describes, by name and by index", () => {
    expect(all(after)).toEqual(
      expect.arrayContaining([
        'data["sent by"]',
        "steps.first.output.rows",
        "steps.first.output.rows[1].name",
      ]),
    );
  });

  it("tell the value and the type, and leave unknown what no run had", () => {
    const children = step ? childrenOf(step) : [];
    expect(children.map((one) => [one.title, one.sample, typeOf(one)])).toEqual([
      ["status", 200, "number"],
      ["x-id", undefined, "any"],
      ["rows", samples.steps.first.output.rows, "array"],
    ]);
  });

  it("show in a loop the first item of its list", () => {
    const inside = sourcesAt(definition, ["steps", 2, "steps", 0, "inputs"], schemas, samples);
    const item = inside.find(({ expression }) => expression === "order");
    expect(item?.sample).toEqual({ name: "Pen" });
    expect(item && childrenOf(item).map(({ expression }) => expression)).toEqual(["order.name"]);
  });

  it.each<[string, Json | undefined]>([
    ["data.order.total", 12.5],
    ['data["sent by"]', "Ada"],
    ["steps.first.output.rows[1].name", "Ink"],
    ["steps.first.output.none", undefined],
    ["size(steps.first.output.rows)", undefined],
    ["steps.first.output.rows.filter(x, true)", undefined],
  ])("of %s are found where it only names fields", (expression, value) => {
    expect(sampleOf(after, expression)).toEqual(value);
  });

  it("are found by a search for their text, with what they are in", () => {
    const rows = rowsOf(after, new Set(), "ink");
    expect(rows.map(({ source, isMatch }) => [source.expression, isMatch])).toEqual([
      ["steps.first.output", false],
      ["steps.first.output.rows", false],
      ["steps.first.output.rows[1]", false],
      ["steps.first.output.rows[1].name", true],
    ]);
  });

  it("stand on one line", () => {
    expect(lineOf("a\n  b")).toBe("a b");
    expect(lineOf({ a: [1] })).toBe('{"a":[1]}');
  });

  it("are closed at first where there are very many", () => {
    const few = { ...samples.steps.first.output };
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`f${index}`, index]));
    const opened = (output: Json) =>
      openAtFirst(
        sourcesAt(definition, ["steps", 3], schemas, { ...samples, steps: { first: { output } } }),
      ).size;
    expect(opened(few)).toBeGreaterThan(0);
    expect(opened(many)).toBe(0);
  });
});
