import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Summary } from "./useAutomationChanges";

interface Props {
  automation: Summary | null;
  onClose: () => void;
  onRename: (name: string) => void;
}

export function RenameDialog({ automation, onClose, onRename }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={automation !== null}
      onClose={onClose}
      title={t("automations.rename")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {automation && <RenameForm before={automation.name} onRename={onRename} />}
    </Modal>
  );
}

function RenameForm({ before, onRename }: { before: string; onRename: (name: string) => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(before);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) onRename(name.trim());
      }}
    >
      <Stack>
        <TextInput
          data-autofocus
          required
          maxLength={200}
          label={t("automations.name")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button type="submit" disabled={!name.trim()}>
            {t("common.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
