import { Button, Group, List, Modal, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ErrorAlert } from "../../components/ErrorAlert";
import { useRemove } from "./useAutomationChanges";
import { useRegistrationCount } from "./useRegistrationCount";

interface Props {
  projectId: string;
  /** What is to be deleted; null: nothing was asked. */
  automation: { id: string; name: string; publishedVersion: number | null } | null;
  onClose: () => void;
  onDeleted?: () => unknown;
}

/** Asks before an automation is deleted, and says what ends with it. */
export function DeleteDialog({ projectId, automation, onClose, onDeleted }: Props) {
  const { t } = useTranslation();
  const remove = useRemove(projectId);
  const count = useRegistrationCount(
    { projectId, automationId: automation?.id ?? "" },
    automation !== null,
  );
  const close = () => {
    remove.reset();
    onClose();
  };
  return (
    <Modal
      opened={automation !== null}
      onClose={close}
      title={t("automations.deleteTitle", { name: automation?.name ?? "" })}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <Stack>
        <List size="sm" spacing={4}>
          <List.Item>
            {automation?.publishedVersion
              ? t("automations.deleteVersions")
              : t("automations.deleteDraft")}
          </List.Item>
          <List.Item>
            {count === null
              ? t("automations.deleteRegistrations")
              : t("automations.deleteRegistrations", {
                  context: "counted",
                  count: count.number,
                  shown: count.shown,
                })}
          </List.Item>
          <List.Item>{t("automations.deleteRuns")}</List.Item>
        </List>
        <Text size="sm">{t("automations.deleteText")}</Text>
        <ErrorAlert error={remove.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("common.cancel")}
          </Button>
          <Button
            color="red"
            loading={remove.isPending}
            onClick={() =>
              automation &&
              remove.mutate(automation.id, {
                onSuccess: () => {
                  close();
                  onDeleted?.();
                },
              })
            }
          >
            {t("automations.delete")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
