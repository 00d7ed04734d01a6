import { Kbd, Modal, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

const IN_FLOW: [string, string[]][] = [
  ["focus", ["↑", "↓"]],
  ["ends", ["Home", "End"]],
  ["open", ["Enter"]],
  ["back", ["Esc"]],
  ["add", ["A"]],
  ["move", ["Alt + ↑", "Alt + ↓"]],
  ["duplicate", ["Ctrl + D"]],
  ["copy", ["Ctrl + C"]],
  ["cut", ["Ctrl + X"]],
  ["paste", ["Ctrl + V"]],
  ["remove", ["Delete"]],
  ["help", ["?"]],
];
const EVERYWHERE: [string, string[]][] = [
  ["undo", ["Ctrl + Z"]],
  ["redo", ["Ctrl + Shift + Z", "Ctrl + Y"]],
  ["save", ["Ctrl + S"]],
  ["test", ["Ctrl + Enter"]],
];

/** All that the keyboard does in the editor. */
export function Shortcuts({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      size="lg"
      title={t("keyboard.title")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <Keys title={t("keyboard.inFlow")} rows={IN_FLOW} />
      <Keys title={t("keyboard.everywhere")} rows={EVERYWHERE} />
      <Text size="sm" c="dimmed" mt="md">
        {t("keyboard.note")}
      </Text>
    </Modal>
  );
}

function Keys({ title, rows }: { title: string; rows: [string, string[]][] }) {
  const { t } = useTranslation();
  const onMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  const named = (keys: string) => (onMac ? keys.replace("Ctrl", "⌘").replace("Alt", "⌥") : keys);
  return (
    <Table captionSide="top" mb="md">
      <Table.Caption ta="left">{title}</Table.Caption>
      <Table.Tbody>
        {rows.map(([name, keys]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" fw={400}>
              {t(`keyboard.key_${name}`)}
            </Table.Th>
            <Table.Td ta="right">
              {keys.map((one) => (
                <Kbd key={one} ml={6}>
                  {named(one)}
                </Kbd>
              ))}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
