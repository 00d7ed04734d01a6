/** How a failing action is tried again, as `onError.retry` says it. */

import { type Json, type JsonObject, getIn } from "../draft/model";

export interface Retry {
  maxAttempts: number;
  /** Seconds before the second try; each further wait is `backoff` times as long. */
  initialInterval: number;
  backoff: number;
  /** Seconds; no wait is longer. */
  maxInterval: number;
}

/** What counts where a definition says nothing. */
export const DEFAULT_RETRY: Retry = {
  maxAttempts: 5,
  initialInterval: 1,
  backoff: 2,
  maxInterval: 100,
};

export type Policy = "usual" | "never" | "own";

export function policyOf(retry: Json | undefined): Policy {
  if (typeof retry !== "object" || retry === null || Object.keys(retry).length === 0)
    return "usual";
  return getIn(retry, ["maxAttempts"]) === 1 && Object.keys(retry).length === 1 ? "never" : "own";
}

/** What to write for a policy; `undefined`: nothing. */
export function retryFor(policy: Policy): JsonObject | undefined {
  if (policy === "usual") return undefined;
  return policy === "never" ? { maxAttempts: 1 } : { ...DEFAULT_RETRY };
}

export function retryOf(retry: Json | undefined): Retry {
  const value = (key: keyof Retry): number => {
    const given = getIn(retry, [key]);
    return typeof given === "number" ? given : DEFAULT_RETRY[key];
  };
  return {
    maxAttempts: value("maxAttempts"),
    initialInterval: value("initialInterval"),
    backoff: value("backoff"),
    maxInterval: value("maxInterval"),
  };
}

/** The seconds between the tries, one after the other. */
export function waitsOf({ maxAttempts, initialInterval, backoff, maxInterval }: Retry): number[] {
  const count = Math.min(Math.max(Math.floor(maxAttempts) - 1, 0), 99);
  return Array.from({ length: count }, (_, index) =>
    Math.min(initialInterval * backoff ** index, maxInterval),
  );
}
