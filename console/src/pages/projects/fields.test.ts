import { expect, test } from "vitest";
import { ApiError } from "../../api/client";
import { faultsAt, httpUrl, originUrl } from "./fields";

test.each([
  ["https://shop.example.com/inlay", true],
  [" http://127.0.0.1:9000 ", true],
  ["shop.example.com", false],
  ["ftp://shop.example.com", false],
  ["https://user:password@shop.example.com", false],
  ["", false],
])("%s can be a webhook URL: %s", (text, isOne) => {
  expect(httpUrl(text)).toBe(isOne);
});

test.each([
  ["https://shop.example.com", true],
  ["https://Shop.example.com/", true],
  ["http://localhost:5173", true],
  ["https://shop.example.com/path", false],
  ["shop.example.com", false],
])("%s can be an origin: %s", (text, isOne) => {
  expect(originUrl(text)).toBe(isOne);
});

test("a fault of one item of a list stands at the list", () => {
  const details = [{ path: "allowedOrigins[1]", message: "this is no web origin" }];
  const error = new ApiError(1, "INVALID PARAMETER", "…", details, 400);
  expect(faultsAt(error)).toEqual({ allowedOrigins: "this is no web origin" });
});
