import { describe, expect, it } from "vitest";
import { api } from "./client";
import { numberOf, parse, stringify } from "./json";

describe("JSON", () => {
  it.each([
    '{"id":9007199254740993}',
    "[-9007199254740993,9007199254740992]",
    '{"deep":[{"id":123456789012345678901234567890}]}',
    '{"text":"9007199254740993","small":12,"half":0.5}',
    "null",
  ])("%s is written as it was read", (text) => {
    expect(stringify(parse(text))).toBe(text);
  });

  it("keeps numbers that a double holds as numbers", () => {
    expect(parse('{"a":1,"b":1e3,"c":1234567890123456}')).toEqual({
      a: 1,
      b: 1000,
      c: 1234567890123456,
    });
  });

  it("refuses a number that would become nothing", () => {
    expect(() => parse("1e999")).toThrow("too large");
  });

  it("takes what is typed into a field for numbers for what it is", () => {
    expect(numberOf("9007199254740993")).toBe(9007199254740993n);
    expect(numberOf(5)).toBe(5);
    expect(numberOf("")).toBe("");
  });
});

it("the API's numbers are neither rounded when they come nor when they go", async () => {
  let sent = "";
  globalThis.fetch = async (request) => {
    sent = await (request as Request).text();
    return new Response('{"definition":{"id":9007199254740993}}', {
      headers: { "Content-Type": "application/json" },
    });
  };
  const { data } = await api.POST(
    "/api/v1/projects/{projectId}/automations" as never,
    {
      baseUrl: "http://localhost",
      params: { path: { projectId: "p" } },
      body: { name: "A", definition: { id: 9007199254740993n } },
    } as never,
  );
  expect(sent).toBe('{"name":"A","definition":{"id":9007199254740993}}');
  expect(data).toEqual({ definition: { id: 9007199254740993n } });
});
