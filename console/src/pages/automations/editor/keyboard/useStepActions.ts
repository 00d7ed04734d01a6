import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import type { StepAction } from "../flow/StepMenu";
import { useAnnounce } from "../announce";
import { copied, hold } from "../draft/clipboard";
import { RESULT, TRIGGER } from "../draft/faults";
import { labelOf } from "../flow/labels";
import {
  type Definition,
  type Path,
  type Step,
  copies,
  find,
  getIn,
  insert,
  move,
} from "../draft/model";
import type { Draft } from "../draft/useDraft";
import { useRemoval } from "./useRemoval";

/** What can be done with steps of the flow, said to screen readers, with the focus following. */
export function useStepActions(
  draft: Draft,
  flow: RefObject<HTMLElement | null>,
  onSelect: (id: string | null) => void,
) {
  const { t } = useTranslation();
  const announce = useAnnounce();
  const removal = useRemoval(draft);
  const { definition } = draft;

  const focus = (id: string) =>
    requestAnimationFrame(() =>
      cards(flow.current)
        .find((card) => card.dataset.step === id)
        ?.focus(),
    );

  const place = (id: string, by: -1 | 1) => {
    const next = move(definition, id, by);
    const now = find(next, id);
    if (!now) return;
    if (next !== definition) draft.edit(() => next);
    const count = stepsAt(next, now.block).length;
    announce(
      t(next === definition ? "keyboard.atEnd" : "keyboard.moved", {
        name: labelOf(now.step),
        number: now.index + 1,
        count,
      }),
    );
    focus(id);
  };

  /** Puts steps into a list, selects the first of them and leads there. */
  const add = (block: Path, index: number, steps: Step[]) => {
    const [first] = steps;
    if (!first) return;
    draft.edit((before) =>
      steps.reduce((now, step, offset) => insert(now, block, index + offset, step), before),
    );
    announce(t("keyboard.added", { name: steps.map(labelOf).join(", ") }));
    onSelect(first.id);
    focus(first.id);
  };

  const act = (id: string, action: StepAction) => {
    const here = find(definition, id);
    if (!here) return;
    switch (action) {
      case "up":
        return place(id, -1);
      case "down":
        return place(id, 1);
      case "copy": {
        const text = copied([here.step]);
        hold(text);
        // Without a secure context there is no such clipboard; in this tab it is held anyway.
        void navigator.clipboard?.writeText(text).catch(() => undefined);
        return announce(t("keyboard.copied", { name: labelOf(here.step) }));
      }
      case "duplicate":
        return add(here.block, here.index + 1, copies(definition, [here.step]));
      case "remove": {
        const all = cards(flow.current);
        const at = all.findIndex((card) => card.dataset.step === id);
        all[at - 1]?.focus();
        removal(id);
        return onSelect(null);
      }
    }
  };
  return { act, add, focus };
}

/** Where what is added to a card goes: after a step, to the beginning, to the end. */
export function placeAfter(
  definition: Definition,
  id: string,
): { block: Path; index: number } | null {
  if (id === TRIGGER) return { block: ["steps"], index: 0 };
  if (id === RESULT) return { block: ["steps"], index: definition.steps.length };
  const here = find(definition, id);
  return here ? { block: here.block, index: here.index + 1 } : null;
}

export function cards(flow: HTMLElement | null): HTMLElement[] {
  return [...(flow?.querySelectorAll<HTMLElement>("[data-step]") ?? [])];
}

function stepsAt(definition: Definition, block: Path): unknown[] {
  const steps = getIn(definition, block);
  return Array.isArray(steps) ? steps : [];
}
