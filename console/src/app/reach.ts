import { useSyncExternalStore } from "react";
import { ApiError } from "../api/client";

let isOut = false;
const listeners = new Set<() => void>();

/** Whether no answer of Inlay came: the network is gone, or the server. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof ApiError && error.code === 0;
}

/** Notes how the newest call went. */
export function noteReach(error: Error | null): void {
  const next = isUnreachable(error);
  if (next === isOut) return;
  isOut = next;
  listeners.forEach((listener) => listener());
}

/** Whether the newest call found nobody. */
export function useIsUnreachable(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => isOut,
  );
}
