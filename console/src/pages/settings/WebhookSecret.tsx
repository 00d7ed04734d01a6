import { Alert, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import { Copyable } from "../../components/Copyable";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Moment } from "../../components/Moment";

/** What notifications are signed with: fetched on demand, forgotten with the page. */
export function WebhookSecret({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const params = { path: { projectId } };
  // Mutations that are forgotten at once, so that the secret lies in no cache.
  const read = useMutation({
    gcTime: 0,
    mutationFn: () => unwrap(api.GET("/api/v1/projects/{projectId}/webhook/secret", { params })),
  });
  const rotate = useMutation({
    gcTime: 0,
    mutationFn: () => unwrap(api.POST("/api/v1/projects/{projectId}/webhook/secret", { params })),
    onSuccess: () => read.reset(),
  });
  const shown = rotate.data ?? read.data;
  const ask = () =>
    modals.openConfirmModal({
      title: t("settings.secretRotate"),
      children: <Text size="sm">{t("settings.secretRotateText")}</Text>,
      labels: { confirm: t("settings.secretRotate"), cancel: t("common.cancel") },
      onConfirm: () => rotate.mutate(),
    });
  return (
    <Paper withBorder p="lg" component="section" aria-label={t("settings.secretTitle")}>
      <Stack>
        <div>
          <Title order={2} size="h4">
            {t("settings.secretTitle")}
          </Title>
          <Text c="dimmed">{t("settings.secretIntro")}</Text>
        </div>
        {shown && <Copyable label={t("settings.secret")} value={shown.secret} />}
        {shown?.previousUntil && (
          <Alert color="blue">
            {t("settings.secretPrevious")} <Moment at={shown.previousUntil} />
          </Alert>
        )}
        <ErrorAlert error={read.error ?? rotate.error} />
        <Group>
          {shown ? (
            <Button
              variant="default"
              onClick={() => {
                read.reset();
                rotate.reset();
              }}
            >
              {t("settings.secretHide")}
            </Button>
          ) : (
            <Button variant="default" loading={read.isPending} onClick={() => read.mutate()}>
              {t("settings.secretShow")}
            </Button>
          )}
          <Button variant="default" loading={rotate.isPending} onClick={ask}>
            {t("settings.secretRotate")}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
