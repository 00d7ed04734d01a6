import {
  Alert,
  Button,
  Group,
  Paper,
  Skeleton,
  Stack,
  TagsInput,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import { type Project, useProject } from "../../app/account";
import type { components } from "../../api/schema";
import { ErrorAlert } from "../../components/ErrorAlert";
import { faultsOf } from "../../components/faults";
import { Moment } from "../../components/Moment";
import { Notifications } from "./Notifications";
import { WebhookSecret } from "./WebhookSecret";

type View = components["schemas"]["WebhookView"];

/** Where notifications go, what they are signed with, and how their delivery fares. */
export function Webhook({ projectId }: { projectId: string }) {
  const project = useProject(projectId);
  const webhook = useQuery({
    queryKey: ["projects", projectId, "webhook"],
    refetchInterval: 10_000,
    queryFn: () =>
      unwrap(api.GET("/api/v1/projects/{projectId}/webhook", { params: { path: { projectId } } })),
  });
  // All at once: a part that came later would push the others down.
  if (project.isPending || webhook.isPending) return <Skeleton height={420} />;
  return (
    <Stack gap="xl">
      <ErrorAlert error={project.error ?? webhook.error} />
      {webhook.data && <Health projectId={projectId} webhook={webhook.data} />}
      {project.data && <Addresses project={project.data} />}
      <WebhookSecret projectId={projectId} />
      <Notifications projectId={projectId} />
    </Stack>
  );
}

function Health({ projectId, webhook }: { projectId: string; webhook: View }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const resume = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/webhook/resume", {
          params: { path: { projectId } },
        }),
      ),
    onSuccess: async () => {
      notifications.show({ message: t("settings.webhookResumed") });
      await queries.invalidateQueries({ queryKey: ["projects", projectId] });
    },
  });
  if (webhook.pausedAt) {
    return (
      <Alert color="red" title={t("settings.webhookPaused")}>
        <Stack gap="xs" align="flex-start">
          <Text size="sm">
            <Moment at={webhook.pausedAt} /> · {webhook.lastError}
          </Text>
          <Text size="sm">{t("settings.webhookPausedText", { count: webhook.pending })}</Text>
          <Button size="xs" loading={resume.isPending} onClick={() => resume.mutate()}>
            {t("settings.webhookResume")}
          </Button>
          <ErrorAlert error={resume.error} />
        </Stack>
      </Alert>
    );
  }
  if (!webhook.failingSince) return null;
  return (
    <Alert color="orange" title={t("settings.webhookFailing")}>
      <Text size="sm">
        <Moment at={webhook.failingSince} /> · {webhook.lastError}
      </Text>
      <Text size="sm">{t("settings.webhookFailingText", { count: webhook.pending })}</Text>
    </Alert>
  );
}

function Addresses({ project }: { project: Project }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [url, setUrl] = useState(project.webhookUrl);
  const [origins, setOrigins] = useState(project.allowedOrigins);
  const save = useMutation({
    mutationFn: () =>
      unwrap(
        api.PATCH("/api/v1/projects/{projectId}", {
          params: { path: { projectId: project.id } },
          body: { webhookUrl: url.trim(), allowedOrigins: origins },
        }),
      ),
    onSuccess: async (saved) => {
      setOrigins(saved.allowedOrigins);
      notifications.show({ message: t("common.saved") });
      await queries.invalidateQueries({ queryKey: ["projects"] });
    },
  });
  const faults = faultsOf(save.error);
  const atOrigins = Object.entries(faults).find(([path]) => path.startsWith("allowedOrigins"));
  return (
    <Paper
      withBorder
      p="lg"
      component="form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        <div>
          <Title order={2} size="h4">
            {t("settings.webhookTitle")}
          </Title>
          <Text c="dimmed">{t("settings.webhookIntro")}</Text>
        </div>
        <TextInput
          required
          label={t("settings.webhookUrl")}
          description={t("settings.webhookUrlHint")}
          value={url}
          error={faults.webhookUrl}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
        <TagsInput
          label={t("settings.origins")}
          description={t("settings.originsHint")}
          placeholder={origins.length ? undefined : "https://shop.example.com"}
          value={origins}
          error={atOrigins?.[1]}
          maxTags={50}
          splitChars={[",", " "]}
          acceptValueOnBlur
          onChange={setOrigins}
        />
        <ErrorAlert error={save.error} />
        <Group>
          <Button type="submit" loading={save.isPending}>
            {t("common.save")}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
