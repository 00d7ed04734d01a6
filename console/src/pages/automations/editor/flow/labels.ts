/** What steps are called where people read of them. */

import type { TFunction } from "i18next";
import { stringify } from "../../../../api/json";
import { type Catalogue, appOf, componentOf } from "../draft/catalogue";
import { RESULT, TRIGGER } from "../draft/faults";
import { type Block, type Path, type Step, getIn } from "../draft/model";
import { isFlowType } from "../draft/steps";
import { isUnfinished } from "../forms/rules";

export function labelOf(step: Step): string {
  return typeof step.name === "string" && step.name ? step.name : step.id;
}

/** Also for what is no step: the trigger and the result. */
export function labelOfPlace(t: TFunction, id: string, step: Step | null | undefined): string {
  if (id === TRIGGER) return t("automations.trigger");
  if (id === RESULT) return t("automations.result");
  return step ? labelOf(step) : id;
}

/** What a step does: an app with its action, or a kind of the flow's own. */
export function kindOf(t: TFunction, step: Step, catalogue: Catalogue): string {
  if (step.type !== "app")
    return isFlowType(step.type) ? t(`automations.type_${step.type}`) : step.type;
  const app = catalogue.apps.get(appOf(step.component));
  const component = componentOf(catalogue, step.component);
  return `${app?.name ?? appOf(step.component)} · ${component?.name ?? String(step.component)}`;
}

/** A list inside a step: its own name, else the condition under which it runs. */
export function titleOfBlock(t: TFunction, step: Step, path: Path, block: Block): string {
  // Only branches and cases have names of their own; the others' holder is the step.
  if (block.kind !== "branch" && block.kind !== "case") return t(`automations.block_${block.kind}`);
  const holder = getIn(step, block.path.slice(path.length, -1));
  const name = getIn(holder, ["name"]);
  if (typeof name === "string" && name) return name;
  if (block.kind === "branch" && isUnfinished(String(getIn(holder, ["when"]) ?? "")))
    return t("automations.block_unfinished");
  const told = getIn(holder, [block.kind === "branch" ? "when" : "equals"]) ?? null;
  const detail = block.kind === "branch" ? String(told ?? "") : stringify(told);
  return t(`automations.block_${block.kind}`, { detail });
}
