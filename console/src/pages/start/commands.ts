/** Calls of the REST API that run an automation as they stand. */

import { stringify } from "../../api/json";

export const COMMANDS = ["curl", "python"] as const;
export type Command = (typeof COMMANDS)[number];

interface Call {
  url: string;
  token: string;
  data: object;
}

export function command(language: Command, call: Call): string {
  const body = stringify({ data: call.data });
  return language === "curl" ? curl(call, body) : python(call, body);
}

/** For a POSIX shell. */
function curl({ url, token }: Call, body: string): string {
  return [
    `curl -X POST ${url} \\`,
    `  -H "Authorization: Bearer ${token}" \\`,
    `  -H "Content-Type: application/json" \\`,
    // A quote inside single quotes ends them, is escaped, and opens them again.
    `  -d '${body.replace(/'/g, `'\\''`)}'`,
  ].join("\n");
}

/** Needs nothing but Python, on any system. */
function python({ url, token }: Call, body: string): string {
  return [
    "from urllib.request import Request, urlopen",
    "",
    "request = Request(",
    `    "${url}",`,
    // A string of JSON is one of Python as well.
    `    data=${JSON.stringify(body)}.encode(),`,
    "    headers={",
    `        "Authorization": "Bearer ${token}",`,
    '        "Content-Type": "application/json",',
    "    },",
    ")",
    "print(urlopen(request).read().decode())",
  ].join("\n");
}
