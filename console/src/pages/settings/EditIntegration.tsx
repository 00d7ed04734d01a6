import { Button, Group, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { Copyable } from "../../components/Copyable";
import { ErrorAlert } from "../../components/ErrorAlert";
import { IntegrationForm } from "./IntegrationForm";

interface Props {
  projectId: string;
  integration: components["schemas"]["IntegrationView"];
  onClose: () => void;
}

/** An integration: its client, scopes and settings, its URLs, and its end. */
export function EditIntegration({ projectId, integration, onClose }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { appKey, appName } = integration;
  const path = { projectId, appKey };
  const done = async (message: string) => {
    await queries.invalidateQueries({ queryKey: ["projects", projectId, "integrations"] });
    notifications.show({ message });
    onClose();
  };
  const app = useQuery({
    queryKey: ["apps", appKey],
    queryFn: () => unwrap(api.GET("/api/v1/apps/{appKey}", { params: { path: { appKey } } })),
  });
  const change = useMutation({
    mutationFn: (body: components["schemas"]["OAuthClient"]) =>
      unwrap(
        api.PATCH("/api/v1/projects/{projectId}/integrations/{appKey}", { params: { path }, body }),
      ),
    onSuccess: () => done(t("settings.integrationChanged", { app: appName })),
  });
  const remove = useMutation({
    mutationFn: () =>
      unwrap(
        api.DELETE("/api/v1/projects/{projectId}/integrations/{appKey}", { params: { path } }),
      ),
    onSuccess: () => done(t("settings.integrationRemoved", { app: appName })),
  });
  const ask = () =>
    modals.openConfirmModal({
      title: t("settings.integrationRemoveTitle", { app: appName }),
      children: <Text size="sm">{t("settings.integrationRemoveText")}</Text>,
      labels: { confirm: t("settings.integrationRemove"), cancel: t("common.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => remove.mutate(),
    });
  const asks =
    app.data &&
    (app.data.needsClient ||
      app.data.authType === "oauth2" ||
      app.data.integrationFields.length > 0);
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
        <ErrorAlert error={app.error ?? remove.error} />
        {app.isPending && <Skeleton height={220} />}
        {app.data && asks && (
          <IntegrationForm
            projectId={projectId}
            app={app.data}
            integration={integration}
            submit={t("common.save")}
            isSaving={change.isPending}
            error={change.error}
            onSubmit={change.mutate}
          />
        )}
        {app.data && !asks && (
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
