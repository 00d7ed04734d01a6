import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { sampleData, sampleOf, snippet } from "./snippets";

const data = { name: 'O\'Brien said "hi"', times: 2 };
const of = (language: "curl" | "python" | "typescript", call: "run" | "register" = "run") =>
  snippet(language, call, "https://inlay.example", "a1", data);

describe("snippets", () => {
  it("name the automation and what is called", () => {
    for (const language of ["curl", "python", "typescript"] as const) {
      expect(of(language)).toContain("https://inlay.example/api/v1/ipaas/automations/a1/run");
      expect(of(language, "register")).toContain("/automations/a1/register");
    }
  });

  it("survive the shell with quotes in the data", () => {
    const script = `curl() { for last; do :; done; printf %s "$last"; }\n${of("curl")}`;
    const sent = execFileSync("bash", ["-c", script], { encoding: "utf8" });
    expect(JSON.parse(sent)).toEqual({ userId: "user-42", data });
  });

  it("are programs that Python reads", () => {
    const check = "import ast, sys; ast.parse(sys.stdin.read())";
    execFileSync("python3", ["-c", check], { input: of("python") });
  });
});

describe("samples", () => {
  it("take the default, an example, the first choice, or an empty value", () => {
    expect(
      sampleOf({
        type: "object",
        properties: {
          a: { type: "string", default: "x" },
          b: { type: "string", examples: ["y"] },
          c: { enum: ["z"] },
          d: { type: "integer", minimum: 10 },
          e: { type: "array" },
          f: { type: "boolean" },
        },
      }),
    ).toEqual({ a: "x", b: "y", c: "z", d: 10, e: [], f: true });
  });

  it("are empty where the trigger is no manual one", () => {
    expect(sampleData({ trigger: { type: "app" }, steps: [] })).toEqual({});
  });
});
