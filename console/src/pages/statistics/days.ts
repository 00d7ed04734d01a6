import type { components } from "../../api/schema";

export type Day = components["schemas"]["Day"];

/** What a day's runs became, in the order in which bars are stacked, with a colour each. */
export const PARTS = [
  { part: "completed", colour: "var(--mantine-color-green-7)" },
  { part: "running", colour: "var(--mantine-color-blue-5)" },
  { part: "paused", colour: "var(--mantine-color-orange-5)" },
  { part: "canceled", colour: "var(--mantine-color-gray-5)" },
  { part: "error", colour: "var(--mantine-color-red-6)" },
] as const;

/** A day as it is written on an axis. */
export function dateOf(day: Day, language: string): string {
  // A day of the time zone that was asked for, not a moment.
  return new Intl.DateTimeFormat(language, {
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  }).format(new Date(day.day));
}
