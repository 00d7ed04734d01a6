// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "../../shown";
import SignIn from "./SignIn";

test.each([
  ["en", "Sign in", /back/i],
  ["tr", "Oturum aç", /tekrar/i],
] as const)(
  "nobody is greeted as if they had been here before (%s)",
  async (language, title, again) => {
    await show(<SignIn />, { language, answers: { "GET /api/v1/sign-in": { openId: null } } });
    expect(await screen.findByRole("heading", { name: title })).toBeTruthy();
    expect(document.body.textContent).not.toMatch(again);
  },
);
