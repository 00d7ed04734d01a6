/** Secret inputs that were saved: the server gives a placeholder for each, and takes it back. */

import { type Json, type Path, formatPath, isMap } from "./model";

export function isSavedSecret(value: Json | undefined): boolean {
  return typeof value === "string" && value.startsWith("inlay-secret:");
}

/** A copy without saved secrets, which are good in their project alone, and where they were. */
export function withoutSecrets(value: Json, path: Path = []): { value: Json; secrets: string[] } {
  const secrets: string[] = [];
  const copy = (key: string | number, part: Json): Json[] => {
    if (isSavedSecret(part)) {
      secrets.push(formatPath([...path, key]));
      return [];
    }
    const inner = withoutSecrets(part, [...path, key]);
    secrets.push(...inner.secrets);
    return [inner.value];
  };
  if (Array.isArray(value))
    return { value: value.flatMap((part, index) => copy(index, part)), secrets };
  if (!isMap(value)) return { value, secrets };
  const parts = Object.entries(value).flatMap(([name, part]) =>
    part === undefined ? [] : copy(name, part).map((copied) => [name, copied] as const),
  );
  return { value: Object.fromEntries(parts), secrets };
}
