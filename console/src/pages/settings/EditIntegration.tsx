import { Button, Group, List, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Copyable } from "../../components/Copyable";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Refusals } from "../../components/Refusals";
import { IntegrationForm } from "./IntegrationForm";
import {
  appQuery,
  asks,
  delivers,
  type Integration,
  useChange,
  useRemove,
} from "./useIntegrations";

interface Props {
  projectId: string;
  integration: Integration;
  onClose: () => void;
}

/** An integration: its client, scopes and settings, its URLs, and its end. */
export function EditIntegration({ projectId, integration, onClose }: Props) {
  const { t } = useTranslation();
  const { appKey, appName, usedBy } = integration;
  const app = useQuery(appQuery(appKey));
  const change = useChange(projectId, appKey);
  const remove = useRemove(projectId);
  const done = (message: string) => {
    notifications.show({ message });
    onClose();
  };
  const ask = () =>
    modals.openConfirmModal({
      title: t("settings.integrationRemoveTitle", { app: appName }),
      children: (
        <Stack gap="xs">
          <Text size="sm">{t("settings.integrationRemoveText")}</Text>
          {usedBy.length > 0 && (
            <>
              <Text size="sm">
                {t("settings.integrationRemoveStops", { count: usedBy.length })}
              </Text>
              <List size="sm">
                {usedBy.map(({ automationId, name }) => (
                  <List.Item key={automationId}>{name}</List.Item>
                ))}
              </List>
            </>
          )}
        </Stack>
      ),
      labels: { confirm: t("settings.integrationRemove"), cancel: t("common.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () =>
        remove.mutate(appKey, {
          onSuccess: () => done(t("settings.integrationRemoved", { app: appName })),
        }),
    });
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={appName}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <Stack>
        {integration.hookUrl && (
          <Copyable
            label={t("settings.hookUrl")}
            description={t("settings.hookUrlHint", { app: appName })}
            value={integration.hookUrl}
          />
        )}
        <Refusals count={integration.rejected} last={integration.lastRefusal} />
        <ErrorAlert error={app.error ?? remove.error} />
        {app.isPending && <Skeleton height={220} />}
        {app.data && (asks(app.data) || delivers(app.data)) && (
          <IntegrationForm
            app={app.data}
            integration={integration}
            needed={integration.neededScopes}
            submit={t("common.save")}
            isSaving={change.isPending}
            error={change.error}
            onSubmit={(form) =>
              change.mutate(form, {
                onSuccess: () => done(t("settings.integrationChanged", { app: appName })),
              })
            }
          />
        )}
        {app.data && !asks(app.data) && !delivers(app.data) && (
          <Text size="sm">{t("settings.appAsksNothing", { app: appName })}</Text>
        )}
        <Group>
          <Button variant="subtle" color="red" loading={remove.isPending} onClick={ask}>
            {t("settings.integrationRemove")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
