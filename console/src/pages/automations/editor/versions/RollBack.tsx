import { Button, Group, Modal, ScrollArea, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../../../api/client";
import type { components } from "../../../../api/schema";
import { ErrorAlert } from "../../../../components/ErrorAlert";
import type { Definition } from "../draft/model";
import { Registrations } from "../publish/Registrations";
import type { Draft } from "../draft/useDraft";
import { Changes } from "./Changes";
import { useVersion } from "./useVersion";

interface Props {
  path: { projectId: string; automationId: string };
  automation: components["schemas"]["AutomationView"];
  draft: Draft;
  /** The version to go back to; null: nothing was asked. */
  number: number | null;
  onClose: () => void;
  onDone: () => unknown;
}

/** Asks before a version is published again, and says what that changes. */
export function RollBack({ path, automation, draft, number, onClose, onDone }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const current = useVersion(path, number === null ? null : automation.publishedVersion);
  const target = useVersion(path, number);
  const rollBack = useMutation({
    mutationFn: async (to: number) => {
      if ((await draft.flush()) === null) throw new Error(t("automations.notSaved"));
      return unwrap(
        api.POST(
          "/api/v1/projects/{projectId}/automations/{automationId}/versions/{number}/rollback",
          { params: { path: { ...path, number: to } } },
        ),
      );
    },
    onSuccess: async (version) => {
      await draft.takeTheirs();
      notifications.show({
        color: "green",
        message: t("automations.publishedNow", { version: version.number }),
      });
      await queries.invalidateQueries({
        queryKey: ["projects", path.projectId, "automations"],
      });
      await onDone();
    },
  });
  const [before, after] = [current.data?.definition, target.data?.definition];
  return (
    <Modal
      opened={number !== null}
      onClose={() => {
        rollBack.reset();
        onClose();
      }}
      size="lg"
      scrollAreaComponent={ScrollArea.Autosize}
      title={t("automations.rollBackTitle", { version: number ?? 0 })}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <Stack>
        <Text size="sm">{t("automations.rollBackText")}</Text>
        <Registrations path={path} before={before?.trigger} after={after?.trigger} />
        {before && after && (
          <Changes
            before={before as unknown as Definition}
            after={after as unknown as Definition}
          />
        )}
        <ErrorAlert error={current.error ?? target.error ?? rollBack.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            loading={rollBack.isPending}
            disabled={number === null || !after}
            onClick={() => number !== null && rollBack.mutate(number)}
          >
            {t("automations.rollBack")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
