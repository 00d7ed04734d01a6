import { expect, it } from "vitest";
import { policyOf, retryFor, retryOf, waitsOf } from "./retry";

it("knows the usual, once only and what is set", () => {
  for (const policy of ["usual", "never", "own"] as const)
    expect(policyOf(retryFor(policy))).toBe(policy);
  expect(policyOf({ maxAttempts: 1, backoff: 3 })).toBe("own");
  expect(policyOf({ evenIfUnknown: true })).toBe("own");
});

it("waits longer each time, up to the longest wait", () => {
  const set = { maxAttempts: 6, initialInterval: 10, backoff: 3, maxInterval: 60 };
  expect(waitsOf(retryOf(set))).toEqual([10, 30, 60, 60, 60]);
  expect(waitsOf(retryOf({ maxAttempts: 1 }))).toEqual([]);
});

it("begins no try after it is to give up, which is a day where nothing is said", () => {
  expect(waitsOf(retryOf({ giveUpAfter: 8 }))).toEqual([1, 2, 4]);
  const day = waitsOf(retryOf({ initialInterval: 3600 }));
  expect(day).toHaveLength(24);
  expect(retryOf({ maxAttempts: 3 }).giveUpAfter).toBeNull();
});
