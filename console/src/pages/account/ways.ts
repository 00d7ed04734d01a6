import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { api, unwrap } from "../../api/client";

/** What the operator's OpenID provider is called; null where there is none. */
export function useProviderName() {
  return useQuery({
    queryKey: ["sign-in"],
    queryFn: async () => (await unwrap(api.GET("/api/v1/sign-in"))).openId?.name ?? null,
    staleTime: Infinity,
    // Whoever cannot reach the API sees the form at once, and its own words when they use it.
    retry: false,
  });
}

/** As api/openid.py names them. */
const FAILURES = [
  "denied",
  "expired",
  "failed",
  "unavailable",
  "too-many",
  "email-missing",
  "email-unverified",
  "email-taken",
  "email-not-allowed",
];

/** Why the provider's way did not lead to a session, from the address; null if it was not tried. */
export function useProviderFailure(): Error | null {
  const { t } = useTranslation();
  const [search] = useSearchParams();
  const name = useProviderName().data ?? "OpenID Connect";
  const code = search.get("error");
  if (!code) return null;
  return new Error(t(`account.failure_${FAILURES.includes(code) ? code : "failed"}`, { name }));
}
