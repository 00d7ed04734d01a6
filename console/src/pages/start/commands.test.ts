import { expect, test } from "vitest";
import { command } from "./commands";

const call = { url: "http://127.0.0.1:8000/run", token: "t-1", data: { name: 'O\'Hara "A"' } };

test("a quote in the data does not end curl's argument", () => {
  expect(command("curl", call)).toContain(`-d '{"data":{"name":"O'\\''Hara \\"A\\""}}'`);
});

test("both carry the address and the token", () => {
  for (const language of ["curl", "python"] as const) {
    expect(command(language, call)).toContain(call.url);
    expect(command(language, call)).toContain(`Bearer ${call.token}`);
  }
});
