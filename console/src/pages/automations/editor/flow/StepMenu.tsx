import { ActionIcon, Menu } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowUp,
  IconClipboardCopy,
  IconCopy,
  IconDotsVertical,
  IconTrash,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "../editor.module.css";

export type StepAction = "up" | "down" | "copy" | "duplicate" | "remove";

const ACTIONS: { action: StepAction; text: string; Icon: typeof IconCopy; keys: string }[] = [
  { action: "up", text: "automations.moveUp", Icon: IconArrowUp, keys: "Alt ↑" },
  { action: "down", text: "automations.moveDown", Icon: IconArrowDown, keys: "Alt ↓" },
  { action: "copy", text: "automations.copy", Icon: IconClipboardCopy, keys: "Ctrl C" },
  { action: "duplicate", text: "automations.duplicate", Icon: IconCopy, keys: "Ctrl D" },
  { action: "remove", text: "automations.removeStep", Icon: IconTrash, keys: "Del" },
];

/** What the keyboard does with a step, for the mouse and for fingers. */
export function StepMenu({ name, onAct }: { name: string; onAct: (action: StepAction) => void }) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          className={classes.menu}
          aria-label={t("keyboard.menu", { name })}
        >
          <IconDotsVertical size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {ACTIONS.map(({ action, text, Icon, keys }) => (
          <Menu.Item
            key={action}
            color={action === "remove" ? "red" : undefined}
            leftSection={<Icon size={16} aria-hidden />}
            rightSection={
              <kbd aria-hidden className={classes.keys}>
                {keys}
              </kbd>
            }
            onClick={() => onAct(action)}
          >
            {t(text)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
