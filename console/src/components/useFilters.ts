import { useSearchParams } from "react-router";

export interface Filters {
  get: (name: string) => string | null;
  /** Sets filters; null takes one away. */
  choose: (changes: Record<string, string | null>) => void;
}

/** The filters of a list: they are in the address, so that a view can be shared and gone back to. */
export function useFilters(): Filters {
  const [params, setParams] = useSearchParams();
  const choose = (changes: Record<string, string | null>) => {
    // As the address is now: what was rendered last may lag behind a choice just made.
    const next = new URLSearchParams(window.location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value) next.set(name, value);
      else next.delete(name);
    }
    // At once: a checkbox that shows what the address says must not lag behind the click.
    setParams(next, { replace: true, flushSync: true });
  };
  return { get: (name) => params.get(name), choose };
}
