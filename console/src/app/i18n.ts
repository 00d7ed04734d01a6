import i18n from "i18next";
import { initReactI18next } from "react-i18next";
import { queries } from "./queries";

/** The texts of one area: `t("projects.title")` is `title` of locales/<language>/projects.json. */
export type Words = Record<string, string>;

export const LANGUAGES = { en: "English", tr: "Türkçe" } as const;
export type Language = keyof typeof LANGUAGES;

const STORED = "inlay.language";
const LOADERS: Record<Language, () => Promise<{ default: Record<string, Words> }>> = {
  en: () => import("./words.en"),
  tr: () => import("./words.tr"),
};

/** Loads the language that was chosen here, else the first of the browser's that there is. */
export async function startLanguage(): Promise<void> {
  await i18n.use(initReactI18next).init({
    fallbackLng: "en",
    interpolation: { escapeValue: false },
  });
  await speak(preferred());
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(STORED, language);
  await speak(language);
  // What the API tells comes in the language, too.
  await queries.invalidateQueries();
}

async function speak(language: Language): Promise<void> {
  const files = (await LOADERS[language]()).default;
  i18n.addResourceBundle(language, "translation", byArea(files), true, true);
  // With its region, as the browser names it: dates and numbers are written as they are there.
  const regional = navigator.languages.find((tag) => tag.startsWith(`${language}-`));
  await i18n.changeLanguage(regional ?? language);
  document.documentElement.lang = language;
}

function byArea(files: Record<string, Words>): Record<string, Words> {
  return Object.fromEntries(
    Object.entries(files).map(([path, words]) => [path.replace(/^.*\/|\.json$/g, ""), words]),
  );
}

function preferred(): Language {
  const wanted = [localStorage.getItem(STORED), ...navigator.languages];
  const known = wanted.map((tag) => tag?.toLowerCase().split("-")[0]);
  return known.find((tag): tag is Language => tag === "en" || tag === "tr") ?? "en";
}
