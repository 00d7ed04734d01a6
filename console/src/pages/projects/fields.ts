import { faultsOf } from "../../components/faults";

/** Whether the text is a URL that notifications or images can be asked of. */
export function httpUrl(text: string): boolean {
  const url = parsed(text.trim());
  return url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.password;
}

/** Whether the text is a web origin: scheme, host and port alone. */
export function originUrl(text: string): boolean {
  const url = parsed(text);
  return url !== null && url.origin === text.replace(/\/$/, "").toLowerCase();
}

/** The faults by field; one of an item of a list stands at the list. */
export function faultsAt(error: Error): Record<string, string> {
  return Object.fromEntries(
    Object.entries(faultsOf(error)).map(([path, message]) => [path.split(/[.[]/)[0], message]),
  );
}

function parsed(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}
