import type { QueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { ACCOUNT, type Account } from "../../app/account";

export interface Credentials {
  email: string;
  password: string;
}

/** Begins a session, whose secret only the HttpOnly cookie carries. */
export async function signIn(body: Credentials, queries: QueryClient): Promise<Account> {
  const { account } = await unwrap(api.POST("/api/v1/sessions", { body }));
  // What another account was shown before is of no use to this one.
  queries.clear();
  queries.setQueryData(ACCOUNT, account);
  return account;
}

/** The other of the pages before sign-in, which leads to the same place afterwards. */
export function otherEntry(path: string, search: URLSearchParams): string {
  const next = nextPath(search);
  return next === "/" ? path : `${path}?next=${encodeURIComponent(next)}`;
}

/** Where to go after sign-in: a path of the console, from the address or the start. */
export function nextPath(search: URLSearchParams): string {
  const next = search.get("next") ?? "";
  return /^\/(?![/\\])/.test(next) ? next : "/";
}
