import { expect, test } from "vitest";

const files = import.meta.glob<Record<string, string>>("./*/*.json", {
  eager: true,
  import: "default",
});
/** What the API tells in English itself; its codes are checked with the API's own catalogue. */
const OF_THE_API = ["faults.json"];
const areas = [...new Set(Object.keys(files).map((path) => path.split("/")[2] ?? ""))].filter(
  (area) => !OF_THE_API.includes(area),
);
const FORMS = /_(zero|one|two|few|many|other)$/;

/** The keys of a file, without the plural forms, whose number depends on the language. */
function keys(language: string, area: string): string[] {
  const words = Object.keys(files[`./${language}/${area}`] ?? {});
  return [...new Set(words.map((key) => key.replace(FORMS, "")))].sort();
}

function holes(text: string): string[] {
  return (text.match(/\{\{\s*\w+\s*\}\}/g) ?? []).map((hole) => hole.replace(/\s/g, "")).sort();
}

test.each(areas)("%s says the same in English and Turkish", (area) => {
  expect(keys("tr", area)).toEqual(keys("en", area));
});

test.each(areas)("%s names the same values in both languages", (area) => {
  const english = files[`./en/${area}`] ?? {};
  for (const [key, text] of Object.entries(files[`./tr/${area}`] ?? {})) {
    const same = english[key];
    if (same !== undefined) expect([key, holes(text)]).toEqual([key, holes(same)]);
  }
});
