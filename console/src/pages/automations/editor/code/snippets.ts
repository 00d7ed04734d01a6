/** Programs that run an automation or register a user for it, ready to copy. */

import { stringify } from "../../../../api/json";
import type { Definition, Json, JsonObject } from "../draft/model";
import type { Schema } from "../data/sources";

export const LANGUAGES = ["curl", "python", "typescript"] as const;
export type Language = (typeof LANGUAGES)[number];
export type Call = "run" | "register";

/** A value as the schema describes it: its default or example, else an empty one of the type. */
export function sampleOf(schema: Schema | undefined): Json {
  if (!schema) return {};
  if (schema.default !== undefined) return schema.default;
  if (Array.isArray(schema.examples) && schema.examples[0] !== undefined) return schema.examples[0];
  if (Array.isArray(schema.enum) && schema.enum[0] !== undefined) return schema.enum[0];
  switch (schema.type) {
    case "string":
      return "text";
    case "integer":
    case "number":
      return typeof schema.minimum === "number" ? schema.minimum : 0;
    case "boolean":
      return true;
    case "array":
      return [];
    case "object":
    case undefined:
      return Object.fromEntries(
        Object.entries((schema.properties ?? {}) as JsonObject).map(([name, field]) => [
          name,
          sampleOf(field as Schema),
        ]),
      );
    default:
      return null;
  }
}

/** The `data` that a run of this definition may begin with. */
export function sampleData(definition: Definition): JsonObject {
  const trigger = definition.trigger;
  if (trigger?.type !== "manual") return {};
  const sample = sampleOf(trigger.input as Schema | undefined);
  return typeof sample === "object" && sample !== null && !Array.isArray(sample) ? sample : {};
}

export function snippet(
  language: Language,
  call: Call,
  origin: string,
  automationId: string,
  data: JsonObject,
): string {
  const url = `${origin}/api/v1/ipaas/automations/${automationId}/${call}`;
  const body = stringify({ userId: "user-42", data }, 2);
  return WRITERS[language](url, body, call);
}

const indented = (text: string, by: number): string => text.replace(/\n/g, `\n${" ".repeat(by)}`);

const WRITERS: Record<Language, (url: string, body: string, call: Call) => string> = {
  curl: (url, body) =>
    [
      `curl -X POST ${url} \\`,
      `  -H "Authorization: Bearer $INLAY_TOKEN" \\`,
      `  -H "Content-Type: application/json" \\`,
      // A quote inside single quotes ends them, is escaped, and opens them again.
      `  -d '${body.replace(/'/g, `'\\''`)}'`,
    ].join("\n"),
  python: (url, body, call) =>
    [
      "import json",
      "import os",
      "",
      "import httpx",
      "",
      "answer = httpx.post(",
      `    "${url}",`,
      `    headers={"Authorization": f"Bearer {os.environ['INLAY_TOKEN']}"},`,
      `    json=json.loads(r"""${body.replace(/"""/g, '\\"\\"\\"')}"""),`,
      "    timeout=60,",
      ")",
      "answer.raise_for_status()",
      ...(call === "run" ? ["print(answer.json())"] : []),
    ].join("\n"),
  typescript: (url, body, call) =>
    [
      `const answer = await fetch("${url}", {`,
      '  method: "POST",',
      "  headers: {",
      "    Authorization: `Bearer ${process.env.INLAY_TOKEN}`,",
      '    "Content-Type": "application/json",',
      "  },",
      `  body: JSON.stringify(${indented(body, 2)}),`,
      "});",
      "if (!answer.ok) throw new Error(await answer.text());",
      ...(call === "run" ? ["console.log(await answer.json());"] : []),
    ].join("\n"),
};
