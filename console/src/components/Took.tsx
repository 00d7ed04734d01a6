import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { duration } from "./duration";

const TICK_MS = 1000;

interface Props {
  startedAt: number;
  /** null: it goes on. */
  endedAt: number | null;
  /** So much of it nothing was done. */
  waitedMs: number;
}

/** How long something took, and how long it waited, or for how long it has been running. */
export function Took({ startedAt, endedAt, waitedMs }: Props) {
  const { t, i18n } = useTranslation();
  const now = useNow(endedAt === null);
  if (endedAt !== null) {
    const span = duration(endedAt - startedAt - waitedMs, i18n.language);
    if (waitedMs === 0) return span;
    return t("runs.tookAndWaited", { span, waited: duration(waitedMs, i18n.language) });
  }
  return t("runs.runningFor", { span: duration(wholeSeconds(now - startedAt), i18n.language) });
}

/** The time, as it goes by. */
function useNow(isTicking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isTicking) return;
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [isTicking]);
  return now;
}

function wholeSeconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1000)) * 1000;
}
