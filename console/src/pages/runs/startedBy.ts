import type { TFunction } from "i18next";
import type { Run } from "./useRuns";

/** What started a run: a test, a call of the API, another automation, or an app's event. */
export function startedBy({ trigger, version }: Run, t: TFunction): string {
  if (version === 0) return t("runs.trigger_test");
  if (trigger === "manual" || trigger === "call") return t(`runs.trigger_${trigger}`);
  return t("runs.trigger_event", { trigger });
}
