/** The keys of the components and triggers of apps anywhere in a definition, valid or not. */
export function componentsOf(definition: unknown): Set<string> {
  const found = new Set<string>();
  const waiting: unknown[] = [definition];
  while (waiting.length) {
    const part = waiting.pop();
    if (Array.isArray(part)) {
      waiting.push(...(part as unknown[]));
    } else if (part !== null && typeof part === "object") {
      const { type, component } = part as { type?: unknown; component?: unknown };
      if (type === "app" && typeof component === "string") found.add(component);
      waiting.push(...Object.values(part));
    }
  }
  return found;
}

/** The scopes that these components of an app need, each once. */
export function scopesOf(
  app: { components: Scoped[]; triggers: Scoped[] },
  used: Set<string>,
): string[] {
  const needed = [...app.components, ...app.triggers].filter(({ key }) => used.has(key));
  return [...new Set(needed.flatMap(({ scopes }) => scopes))];
}

interface Scoped {
  key: string;
  scopes: string[];
}
