import { expect, test } from "vitest";
import type { components } from "../../api/schema";
import { progressOf } from "./progress";

const draft = { id: "a1", publishedVersion: null } as components["schemas"]["AutomationSummary"];
const published = { ...draft, id: "a2", publishedVersion: 1 };
const run = (version: number) => ({ version }) as components["schemas"]["RunView"];
const token = (revokedAt: number | null) => ({ revokedAt }) as components["schemas"]["TokenView"];

test.each([
  ["nothing", progressOf([], [], []), "make"],
  ["an automation", progressOf([draft], [], []), "test"],
  ["a test of its draft", progressOf([draft], [run(0)], []), "publish"],
  ["a published version", progressOf([published], [run(0)], []), "token"],
  ["a token that was revoked", progressOf([published], [run(0)], [token(1)]), "token"],
  ["a token", progressOf([published], [run(0)], [token(null)]), "run"],
  ["a run of the published version", progressOf([published], [run(1)], [token(null)]), null],
])("with %s, this comes next", (_what, progress, next) => {
  expect(progress.next).toBe(next);
});

test("the steps are about what is published, else about the newest", () => {
  expect(progressOf([draft, published], [], []).automation?.id).toBe("a2");
  expect(progressOf([draft], [], []).automation?.id).toBe("a1");
});
