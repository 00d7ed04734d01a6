// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "../../../../shown";
import { TestPanel } from "./TestPanel";

const PATH = { projectId: "p1", automationId: "a1" };

test.each([
  ["en", /your webhook hears nothing of it/],
  ["tr", /webhook/],
] as const)("a test says before it starts whom it tells nothing (%s)", async (language, said) => {
  const definition = { trigger: { type: "manual" }, steps: [] };
  const draft = { definition, state: "saved", revision: 1 } as never;
  await show(<TestPanel path={PATH} draft={draft} onSelect={() => {}} />, { language });
  expect(await screen.findByText(said)).toBeTruthy();
});
