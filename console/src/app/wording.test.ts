import i18n from "i18next";
import { beforeAll, expect, it } from "vitest";
import { ApiError } from "../api/client";
import faults from "../locales/tr/faults.json";
import { worded, wordedError } from "./wording";

beforeAll(async () => {
  await i18n.init({ lng: "tr-TR", resources: { tr: { translation: { faults } } } });
});

function fault(code: string, params: Record<string, string | number>, message = "English.") {
  return { path: "steps[0].when", message, code, params };
}

it("a fault is told in the user's language by its code", () => {
  expect(worded(fault("no-step", { id: "a", hint: "near", near: "b" }))).toBe(
    "`a` adlı bir adım yok. Şunu mu demek istediniz: `b`?",
  );
  expect(worded(fault("needed", {}))).toBe("Bu alan gereklidir.");
});

it("parameters take the form that their template asks for", () => {
  expect(worded(fault("max-length", { limit: 16384 }))).toContain("16.384 karakter");
  expect(worded(fault("gives-wrong-kind", { kinds: "string,null", wanted: "boolean" }))).toBe(
    "Bunun sonucunun türü metin ya da null; doğru/yanlış değeri olmalıdır.",
  );
  const left = { thing: "item `data.x`", options: "`a`" };
  expect(worded(fault("never-one-of", left))).toMatch(/^`data.x` içindeki bir öğe/);
});

it("a sentence that begins with a part begins with a capital letter", () => {
  expect(worded(fault("input-first", {}))).toBe("Önce bunu girin.");
  expect(worded(fault("no-email", {}))).toBe("Bu bir e-posta adresi değil.");
});

it("a fault whose code is not known stays as the API tells it", () => {
  expect(worded(fault("made-yesterday", {}))).toBe("English.");
  expect(worded({ path: "", message: "Of an older API." })).toBe("Of an older API.");
});

it("a language without templates has the API's own sentences", async () => {
  await i18n.changeLanguage("en");
  expect(worded(fault("needed", {}, "This is needed."))).toBe("This is needed.");
  await i18n.changeLanguage("tr-TR");
});

it("a refusal is told by its first fault", () => {
  const details = [fault("needed", {}), fault("blank", {})];
  const error = new ApiError(1, "INVALID PARAMETER", "steps[0].when: This is needed.", details);
  expect(wordedError(error)).toBe("steps[0].when: Bu alan gereklidir. (+1)");
  expect(wordedError(new ApiError(404, "NOT FOUND", "There is no such run."))).toBe(
    "There is no such run.",
  );
});
