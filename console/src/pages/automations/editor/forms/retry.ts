/** How a failing action is tried again, as `onError.retry` says it. */

import { type Json, type JsonObject, getIn } from "../draft/model";

export interface Retry {
  /** null: as many as fit into `giveUpAfter`. */
  maxAttempts: number | null;
  /** Seconds after the first try in which another may begin; null: only the tries count. */
  giveUpAfter: number | null;
  /** Seconds before the second try; each further wait is `backoff` times as long. */
  initialInterval: number;
  backoff: number;
  /** Seconds; no wait is longer. */
  maxInterval: number;
}

const DAY = 86_400;
/** What somebody who sets it begins with. */
const OWN = { maxAttempts: 5, initialInterval: 1, backoff: 2, maxInterval: 3600 };

export type Policy = "usual" | "never" | "own";

export function policyOf(retry: Json | undefined): Policy {
  if (typeof retry !== "object" || retry === null || Object.keys(retry).length === 0)
    return "usual";
  return getIn(retry, ["maxAttempts"]) === 1 && Object.keys(retry).length === 1 ? "never" : "own";
}

/** What to write for a policy; `undefined`: nothing. */
export function retryFor(policy: Policy): JsonObject | undefined {
  if (policy === "usual") return undefined;
  return policy === "never" ? { maxAttempts: 1 } : { ...OWN };
}

/** What counts, also where a definition says nothing. */
export function retryOf(retry: Json | undefined): Retry {
  const given = (key: keyof Retry): number | null => {
    const value = getIn(retry, [key]);
    return typeof value === "number" ? value : null;
  };
  const maxAttempts = given("maxAttempts");
  return {
    maxAttempts,
    giveUpAfter: given("giveUpAfter") ?? (maxAttempts === null ? DAY : null),
    initialInterval: given("initialInterval") ?? OWN.initialInterval,
    backoff: given("backoff") ?? OWN.backoff,
    maxInterval: given("maxInterval") ?? OWN.maxInterval,
  };
}

const MOST_TRIES = 100;

/** The seconds between the tries, one after the other. */
export function waitsOf(retry: Retry): number[] {
  const { maxAttempts, giveUpAfter, initialInterval, backoff, maxInterval } = retry;
  const longest = Math.max(maxInterval, initialInterval);
  const waits: number[] = [];
  let passed = 0;
  while (waits.length + 1 < Math.floor(maxAttempts ?? MOST_TRIES)) {
    const wait = Math.min(initialInterval * backoff ** waits.length, longest);
    passed += wait;
    if (giveUpAfter !== null && passed > giveUpAfter) break;
    waits.push(wait);
  }
  return waits;
}
