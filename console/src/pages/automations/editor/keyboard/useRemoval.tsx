import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { labelOf } from "../flow/labels";
import { type Definition, find, remove } from "../draft/model";
import type { Draft } from "../draft/useDraft";

const NOTICE = "step-removed";
const SHOWN_MS = 10_000;

/** Removes a step and offers to bring it back, as long as nothing else was changed. */
export function useRemoval(draft: Draft): (id: string) => void {
  const { t } = useTranslation();
  const left = useRef<Definition | null>(null);
  const { definition } = draft;
  useEffect(() => {
    if (left.current === null || definition === left.current) return;
    left.current = null;
    notifications.hide(NOTICE);
  }, [definition]);
  useEffect(() => () => void notifications.hide(NOTICE), []);
  return (id) => {
    const place = find(definition, id);
    if (!place) return;
    const rest = remove(definition, id);
    notifications.hide(NOTICE);
    left.current = rest;
    draft.edit(() => rest);
    notifications.show({
      id: NOTICE,
      autoClose: SHOWN_MS,
      closeButtonProps: { "aria-label": t("common.close") },
      message: (
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm">{t("keyboard.removed", { name: labelOf(place.step) })}</Text>
          <Button
            size="compact-sm"
            variant="light"
            onClick={() => {
              notifications.hide(NOTICE);
              draft.undo();
            }}
          >
            {t("automations.undo")}
          </Button>
        </Group>
      ),
    });
  };
}
