// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { show } from "../../../../shown";
import { AddStep } from "./AddStep";

const EMPTY = { trigger: { type: "manual" }, steps: [] } as never;
const SEARCH = /^Search actions|ara$/i;
const ANSWERS = { "GET /api/v1/apps": { items: [] } };

test.each([
  ["if", "condition"],
  ["loop", "for-each"],
])("Enter adds the first that “%s” finds: %s", async (word, type) => {
  const onAdd = vi.fn();
  const part = <AddStep definition={EMPTY} isOpen onClose={() => {}} onAdd={onAdd} />;
  const { user } = await show(part, { answers: ANSWERS });
  await user.type(await screen.findByLabelText(SEARCH), `${word}{Enter}`);
  expect(onAdd.mock.calls.map(([[step]]) => step.type)).toEqual([type]);
});

test.each(["if", "eğer"])("in Turkish “%s” finds the condition, too", async (word) => {
  const part = <AddStep definition={EMPTY} isOpen onClose={() => {}} onAdd={() => {}} />;
  const { user } = await show(part, { answers: ANSWERS, language: "tr" });
  await user.type(await screen.findByLabelText(SEARCH), word);
  expect(screen.getByText("Koşul")).toBeTruthy();
});

test("Enter adds nothing where nothing was looked for or found", async () => {
  const onAdd = vi.fn();
  const part = <AddStep definition={EMPTY} isOpen onClose={() => {}} onAdd={onAdd} />;
  const { user } = await show(part, { answers: ANSWERS });
  await user.type(await screen.findByLabelText(SEARCH), "{Enter}zzz{Enter}");
  expect(onAdd).not.toHaveBeenCalled();
});
