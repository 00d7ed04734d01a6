import { createContext, useContext } from "react";

/** Says to screen readers what has changed in the editor. */
export const Announce = createContext<(text: string) => void>(() => undefined);

export function useAnnounce(): (text: string) => void {
  return useContext(Announce);
}
