import type { Words } from "./i18n";

export default import.meta.glob<Words>("../locales/tr/*.json", { eager: true, import: "default" });
