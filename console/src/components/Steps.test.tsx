// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "../shown";
import { StepDetails } from "./StepDetails";
import { Steps } from "./Steps";

const STEP = {
  stepId: "ticket",
  iteration: "",
  name: "Open the ticket",
  type: "app",
  component: "desk.open-ticket",
  status: "completed",
  attempts: 1,
  startedAt: 1_780_000_000_000,
  endedAt: 1_780_000_000_007,
  waitedMs: 0,
  connectionUserId: null,
  inputs: { title: "x" },
  output: { id: "T-1" },
  error: null,
} as const;

async function steps(items: object[], isPaused = false) {
  const answers = { "GET /api/v1/projects/p1/runs/r1/steps": { items, nextCursor: null } };
  const part = <Steps projectId="p1" runId="r1" isLive={false} isPaused={isPaused} />;
  await show(part, { answers });
}

test("steps say how long they took; one that waits has not taken its time yet", async () => {
  await steps([STEP, { ...STEP, stepId: "b", name: "Ask", status: "waiting" }]);
  const done = await screen.findByRole("button", { name: /Open the ticket/ });
  expect(done.textContent).toContain("7 ms");
  const waits = screen.getByRole("button", { name: /Ask/ });
  expect(waits.textContent).toContain("Waiting");
  expect(waits.textContent).not.toContain(" ms");
});

test("the items of a loop are counted from one", async () => {
  await steps([{ ...STEP, iteration: "0.1" }]);
  expect(await screen.findByText(/iteration 1\.2/)).toBeTruthy();
});

test("a paused run without a step says that it waits, and a running one that none has ended", async () => {
  await steps([], true);
  expect(await screen.findByText(/the run waits for what stands above/)).toBeTruthy();
  await steps([]);
  expect(await screen.findByText("No step has ended yet.")).toBeTruthy();
});

test("a failed step shows the app's answer if there is one, and never an output of null", async () => {
  const failed = { ...STEP, status: "error", error: "answered 422", output: null } as never;
  await show(<StepDetails step={failed} />);
  expect(screen.queryByText("Output")).toBeNull();
  expect(screen.queryByText("null")).toBeNull();
  const answered = { ...STEP, status: "error", error: "answered 422", output: { code: 7 } };
  await show(<StepDetails step={answered as never} />);
  expect(screen.getByText("What the app answered")).toBeTruthy();
});

test("a step without inputs shows none", async () => {
  await show(<StepDetails step={{ ...STEP, type: "set", inputs: null } as never} />);
  expect(screen.queryByText("Inputs")).toBeNull();
});

test.each([
  [{ approved: true, expired: false, by: "ada@example.com" }, "Approved by ada@example.com"],
  [{ approved: false, expired: false, by: "ada@example.com" }, "Rejected by ada@example.com"],
  [{ approved: false, expired: true, by: null }, "Nobody decided in time"],
])("an approval says who decided: %o", async (output, said) => {
  await show(<StepDetails step={{ ...STEP, type: "approval", output } as never} />);
  expect(screen.getByText(said)).toBeTruthy();
});
