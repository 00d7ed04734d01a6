import type { Words } from "./i18n";

export default import.meta.glob<Words>("../locales/en/*.json", { eager: true, import: "default" });
