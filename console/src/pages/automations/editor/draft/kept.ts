import { createContext, useContext, useState } from "react";

/** What was typed and is no part of the draft yet, by its place in the editor. */
export const Kept = createContext<Map<string, unknown>>(new Map());

/** A state that outlives its form: another step may be opened in between, and nothing is lost. */
export function useKept<T>(place: string, beginning: T): [T, (value: T) => void] {
  const kept = useContext(Kept);
  const [value, set] = useState(kept.has(place) ? (kept.get(place) as T) : beginning);
  return [
    value,
    (next) => {
      kept.set(place, next);
      set(next);
    },
  ];
}
