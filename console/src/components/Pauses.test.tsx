// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "../shown";
import { Pauses } from "./Pauses";

const RUN = "/api/v1/projects/p1/runs/called";
const PAUSE = {
  runId: "called",
  stepId: "ticket",
  iteration: "0",
  kind: "unavailable",
  message: "Step “Open the ticket” waits for Desk, which does not answer.",
  since: 1_780_000_000_000,
  until: 1_780_000_060_000,
  userId: null,
} as const;

function pauses(changes: object) {
  const pause = { ...PAUSE, ...changes } as never;
  return <Pauses projectId="p1" runId="caller" pauses={[pause]} />;
}

test("who waits for an app can have it tried at once, at the step that waits", async () => {
  const { asked, user } = await show(pauses({}), { answers: { [`POST ${RUN}/resume`]: {} } });
  expect(screen.getByText(/next try/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Try again now" }));
  expect(asked).toEqual([
    {
      call: `POST ${RUN}/resume`,
      body: { stepId: "ticket", iteration: "0", approved: null, comment: null },
    },
  ]);
  // It may fail again: nothing says that the run goes on.
  expect(await screen.findByText("The step is tried again.")).toBeTruthy();
  expect(screen.queryByText("The run goes on.")).toBeNull();
});

test("who waits for an app can give it up, at the step that waits", async () => {
  const { asked, user } = await show(pauses({}), { answers: { [`POST ${RUN}/give-up`]: {} } });
  await user.click(screen.getByRole("button", { name: "Give up" }));
  expect(asked).toEqual([
    { call: `POST ${RUN}/give-up`, body: { stepId: "ticket", iteration: "0" } },
  ]);
});

test("a refusal to go on is shown where it was asked for", async () => {
  const { user } = await show(pauses({}));
  await user.click(screen.getByRole("button", { name: "Give up" }));
  expect(await screen.findByText(`no answer to POST ${RUN}/give-up`)).toBeTruthy();
});

test.each([
  ["unavailable", ["Try again now", "Give up"]],
  ["credits", ["Try again now", "Give up"]],
  ["connection", ["Try again now", "Give up"]],
  ["delay", ["Skip the delay"]],
  ["approval", ["Approve", "Reject"]],
  ["callback", []],
])("a run that waits for %s offers what can be done about that", async (kind, names) => {
  await show(pauses({ kind }));
  expect(screen.queryAllByRole("button").map((button) => button.textContent)).toEqual(names);
});

test("an approval says what was decided, and the comment", async () => {
  const answers = { [`POST ${RUN}/resume`]: {} };
  const { asked, user } = await show(pauses({ kind: "approval" }), { answers });
  await user.type(screen.getByRole("textbox", { name: "Comment (optional)" }), " too dear ");
  await user.click(screen.getByRole("button", { name: "Reject" }));
  expect(asked[0]?.body).toEqual({
    stepId: "ticket",
    iteration: "0",
    approved: false,
    comment: "too dear",
  });
  expect(await screen.findByText("The run goes on.")).toBeTruthy();
});
