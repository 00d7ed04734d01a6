import { useTranslation } from "react-i18next";

/** A point in time, in the chosen language and the browser's time zone. */
export function Moment({ at, seconds = false }: { at: number; seconds?: boolean }) {
  const { i18n } = useTranslation();
  const moment = new Date(at);
  const shown = new Intl.DateTimeFormat(i18n.language, {
    dateStyle: "medium",
    timeStyle: seconds ? "medium" : "short",
  });
  return <time dateTime={moment.toISOString()}>{shown.format(moment)}</time>;
}
