// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "../../../../shown";
import { ConnectionSwitch } from "./AppStepForm";

test.each([
  [true, /end user's account instead of yours/],
  [false, /your own account/],
])("whose account a step runs with is said as it is (%s)", async (isOn, said) => {
  await show(<ConnectionSwitch isOn={isOn} onChange={() => {}} />);
  const button = screen.getByRole("switch", { name: /^Replace end user's connection/ });
  expect((button as HTMLInputElement).checked).toBe(isOn);
  expect(screen.getByText(said)).toBeTruthy();
});
