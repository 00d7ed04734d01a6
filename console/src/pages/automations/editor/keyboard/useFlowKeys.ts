import { useHotkeys } from "@mantine/hooks";
import type { ClipboardEvent, KeyboardEvent, RefObject } from "react";
import { useTranslation } from "react-i18next";
import type { StepAction } from "../flow/StepMenu";
import { useAnnounce } from "../announce";
import { copied, hold, pasted } from "../draft/clipboard";
import { labelOf } from "../flow/labels";
import { find, type Path, type Step } from "../draft/model";
import type { Draft } from "../draft/useDraft";
import { cards, placeAfter } from "./useStepActions";

interface Options {
  draft: Draft;
  flow: RefObject<HTMLElement | null>;
  /** Opens a card's form and leads into it. */
  onOpen: (id: string) => void;
  onChoose: (block: Path, index: number) => void;
  onAdd: (block: Path, index: number, steps: Step[]) => void;
  onAct: (id: string, action: StepAction) => void;
  onHelp: () => void;
  onTest: () => void;
}

/** The keyboard in the flow. Single letters count on cards only, so that nobody meets them by chance. */
export function useFlowKeys(options: Options) {
  const { draft, flow, onOpen, onChoose, onAdd, onAct, onHelp, onTest } = options;
  const { t } = useTranslation();
  const announce = useAnnounce();
  const undo = (action: () => void, text: string) => () => {
    action();
    announce(t(text));
  };
  useHotkeys([
    ["mod+Z", undo(draft.undo, "keyboard.undone")],
    ["mod+shift+Z", undo(draft.redo, "keyboard.redone")],
    ["mod+Y", undo(draft.redo, "keyboard.redone")],
  ]);
  // These count inside fields, too.
  useHotkeys(
    [
      ["mod+S", () => void draft.flush()],
      ["mod+Enter", onTest],
    ],
    [],
    true,
  );

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const id = cardOf(event.target);
    if (id === null) return;
    const run = commandOf(event, id);
    if (!run) return;
    event.preventDefault();
    run();
  };

  const commandOf = (event: KeyboardEvent, id: string): (() => void) | null => {
    const { key, altKey } = event;
    const all = cards(flow.current);
    const at = all.findIndex((card) => card.dataset.step === id);
    const isStep = find(draft.definition, id) !== undefined;
    if (event.ctrlKey || event.metaKey)
      return key.toLowerCase() === "d" && isStep ? () => onAct(id, "duplicate") : null;
    if (altKey) {
      if (key !== "ArrowUp" && key !== "ArrowDown") return null;
      return () => onAct(id, key === "ArrowUp" ? "up" : "down");
    }
    switch (key) {
      case "ArrowUp":
        return () => all[at - 1]?.focus();
      case "ArrowDown":
        return () => all[at + 1]?.focus();
      case "Home":
        return () => all[0]?.focus();
      case "End":
        return () => all.at(-1)?.focus();
      case "Enter":
        return () => onOpen(id);
      case "a":
      case "+":
        return () => {
          const place = placeAfter(draft.definition, id);
          if (place) onChoose(place.block, place.index);
        };
      case "Delete":
      case "Backspace":
        return isStep ? () => onAct(id, "remove") : null;
      case "?":
        return onHelp;
      default:
        return null;
    }
  };

  const onCopy = (event: ClipboardEvent<HTMLElement>) => {
    const id = cardOf(event.target);
    const place = id === null ? undefined : find(draft.definition, id);
    if (!place) return;
    event.preventDefault();
    const text = copied([place.step]);
    hold(text);
    event.clipboardData.setData("text/plain", text);
    announce(t("keyboard.copied", { name: labelOf(place.step) }));
    if (event.type === "cut") onAct(place.step.id, "remove");
  };

  const onPaste = (event: ClipboardEvent<HTMLElement>) => {
    const id = cardOf(event.target);
    const place = id === null ? null : placeAfter(draft.definition, id);
    if (!place) return;
    event.preventDefault();
    const steps = pasted(draft.definition, event.clipboardData.getData("text/plain"));
    if (steps) onAdd(place.block, place.index, steps);
    else announce(t("keyboard.noSteps"));
  };

  return { onKeyDown, onCopy, onCut: onCopy, onPaste };
}

/** The id of the card that has the focus; null: something else has it. */
function cardOf(target: EventTarget): string | null {
  return (target as HTMLElement).dataset.step ?? null;
}
