import { describe, expect, it } from "vitest";
import type { Definition } from "../draft/model";
import { type Execution, type Observed, failedStep, standings } from "./standings";

const definition: Definition = {
  trigger: { type: "manual" },
  steps: [
    { id: "set", type: "set", values: {} },
    { id: "first", type: "app", component: "desk.open" },
    {
      id: "check",
      type: "condition",
      branches: [{ name: "Big", when: "true", steps: [{ id: "big", type: "approval" }] }],
      otherwise: [{ id: "small", type: "set", values: {} }],
    },
    {
      id: "loop",
      type: "for-each",
      items: "data.list",
      steps: [{ id: "inner", type: "app", component: "desk.open" }],
    },
    { id: "last", type: "stop" },
  ],
};

const done = (stepId: string, iteration = "", more: Partial<Execution> = {}): Execution => ({
  stepId,
  iteration,
  status: "completed",
  output: null,
  error: null,
  startedAt: 1000,
  endedAt: 1250,
  waitedMs: 0,
  ...more,
});

const states = (run: Partial<Observed>) => {
  const observed: Observed = { status: "running", message: null, pauses: [], steps: [], ...run };
  const found = standings(definition, observed);
  return Object.fromEntries([...found].map(([id, { state }]) => [id, state]));
};

describe("standings", () => {
  it("take for busy what takes time, since the rest is written down later", () => {
    expect(states({})).toEqual({ first: "running" });
  });

  it("tell a pause, and nothing of what comes later", () => {
    expect(
      states({
        status: "paused",
        pauses: [{ stepId: "big" }],
        steps: [done("set"), done("first"), done("check", "", { output: { branch: "Big" } })],
      }),
    ).toEqual({ set: "completed", first: "completed", check: "completed", big: "waiting" });
  });

  it("find the busy step in the branch that was taken", () => {
    const steps = [done("set"), done("first"), done("check", "", { output: { branch: "Big" } })];
    expect(states({ steps }).big).toBe("running");
    const otherwise = done("check", "", { output: { branch: "otherwise" } });
    const passed = states({ steps: [done("set"), done("first"), otherwise, done("small")] });
    expect(passed.loop).toBe("running");
  });

  it("count a loop's iterations and the executions in it", () => {
    const run: Observed = {
      status: "running",
      message: null,
      pauses: [],
      steps: [done("inner", "0"), done("inner", "1", { status: "error" }), done("inner", "2")],
    };
    const found = standings(definition, run);
    expect(found.get("loop")).toEqual({ state: "running", count: 3, failed: 0, took: null });
    expect(found.get("inner")).toEqual({ state: "error", count: 3, failed: 1, took: 750 });
  });

  it("call skipped what an ended run did not reach", () => {
    expect(
      states({ status: "completed", steps: [done("set"), done("first"), done("last")] }),
    ).toEqual({
      set: "completed",
      first: "completed",
      check: "skipped",
      big: "skipped",
      small: "skipped",
      loop: "skipped",
      inner: "skipped",
      last: "completed",
    });
  });

  it("call a loop failed in which a step ended the run", () => {
    const steps = [done("inner", "0", { status: "error", error: "no" })];
    expect(states({ status: "error", steps })).toMatchObject({ loop: "error", inner: "error" });
  });
});

describe("the failed step", () => {
  const run: Observed = { status: "error", message: null, pauses: [], steps: [] };

  it("is the last that was written down as failed", () => {
    const error = { status: "error" as const };
    const steps = [done("first", "", { ...error, endedAt: 1100 }), done("inner", "0", error)];
    expect(failedStep(definition, { ...run, steps })).toBe("inner");
  });

  it("is known from the message when nothing was done", () => {
    const message = "Step “inner #1” failed: no such key";
    expect(failedStep(definition, { ...run, message })).toBe("inner");
    expect(states({ ...run, message }).inner).toBe("error");
  });

  it("is none where it is not in the draft any more", () => {
    expect(failedStep(definition, { ...run, message: "Step “gone” failed: x" })).toBeNull();
  });
});
