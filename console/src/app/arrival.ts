import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useMatches } from "react-router";

/** What a route may say of its page. */
export interface Handle {
  /** The key of the title's text. */
  title: string;
}

/** The tab is called after the page: “Automations · Shop · Inlay”. */
export function useTitle(): void {
  const { t } = useTranslation();
  const page = useMatches().at(-1);
  const { id, aid } = page?.params ?? {};
  const project = useCachedName(["projects", id]);
  const automation = useCachedName(["projects", id, "automation", aid]);
  const handle = page?.handle as Handle | undefined;
  const title = [automation, handle && t(handle.title), project, "Inlay"]
    .filter(Boolean)
    .join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}

/** Another page: reading and the Tab key begin at its heading, unless it placed the focus itself. */
export function useFocusOnArrival(): void {
  const { pathname } = useLocation();
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    const main = document.querySelector<HTMLElement>("main");
    if (!main || (main !== document.activeElement && main.contains(document.activeElement))) return;
    const target = main.querySelector<HTMLElement>("h1") ?? main;
    target.tabIndex = -1;
    target.style.outline = "none";
    target.focus({ preventScroll: true });
  }, [pathname]);
}

/** The name of something that a page has loaded; it is never asked for here. */
function useCachedName(key: (string | undefined)[]): string | undefined {
  const queries = useQueryClient();
  return useSyncExternalStore(
    (listener) => queries.getQueryCache().subscribe(listener),
    () => (key.includes(undefined) ? undefined : queries.getQueryData<{ name: string }>(key)?.name),
  );
}
