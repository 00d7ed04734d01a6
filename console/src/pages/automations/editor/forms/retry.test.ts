import { describe, expect, it } from "vitest";
import { DEFAULT_RETRY, policyOf, retryFor, retryOf, waitsOf } from "./retry";

describe("trying again", () => {
  it("waits longer each time, but never longer than the most", () => {
    expect(waitsOf(DEFAULT_RETRY)).toEqual([1, 2, 4, 8]);
    expect(waitsOf({ maxAttempts: 4, initialInterval: 30, backoff: 3, maxInterval: 100 })).toEqual([
      30, 90, 100,
    ]);
    expect(waitsOf({ ...DEFAULT_RETRY, maxAttempts: 1 })).toEqual([]);
  });

  it.each(["usual", "never", "own"] as const)("%s is known again as it was written", (policy) => {
    expect(policyOf(retryFor(policy))).toBe(policy);
  });

  it("takes for what is not said what counts anyway", () => {
    expect(retryOf({ maxAttempts: 3 })).toEqual({ ...DEFAULT_RETRY, maxAttempts: 3 });
    expect(policyOf({ maxAttempts: 3 })).toBe("own");
  });
});
