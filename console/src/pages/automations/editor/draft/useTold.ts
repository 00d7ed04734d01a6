import { useTranslation } from "react-i18next";
import type { Fault } from "../../../../api/client";
import { useAppViews, usedApps } from "./catalogue";
import { type Definition, isShaped } from "./model";
import { type Told, told } from "./places";

const UNSHAPED: Definition = { steps: [] };

/** How people read the faults of a definition; what cannot be shown as steps has only paths. */
export function useTold(definition: Definition): (fault: Fault) => Told {
  const { t } = useTranslation();
  const shaped = isShaped(definition) ? definition : UNSHAPED;
  const catalogue = useAppViews(usedApps(shaped));
  return (fault) => told(t, shaped, catalogue, fault);
}
