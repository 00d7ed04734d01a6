import {
  Alert,
  Button,
  Card,
  Group,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
  Title,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { AppLogo } from "../../components/AppLogo";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { AddIntegration } from "./AddIntegration";
import { EditIntegration } from "./EditIntegration";
import { MyAccount } from "./MyAccount";
import { usesOf, useUses } from "./useUses";

type Integration = components["schemas"]["IntegrationView"];
type Summary = components["schemas"]["AppSummary"];

/** The apps of the project, those that its automations lack, and the catalogue. */
export function Integrations({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const [adding, setAdding] = useState<string | null>(null);
  const [editing, setEditing] = useState<Integration | null>(null);
  const integrations = useQuery({
    queryKey: ["projects", projectId, "integrations"],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/integrations", { params: { path: { projectId } } }),
      ),
  });
  const apps = useQuery({
    queryKey: ["apps"],
    staleTime: 600_000,
    queryFn: () => unwrap(api.GET("/api/v1/apps")),
  });
  const uses = useUses(projectId);
  const known = new Map(apps.data?.items.map((app) => [app.key, app]));
  const items = integrations.data?.items;
  return (
    <Stack>
      <Group justify="space-between" align="flex-start">
        <Text c="dimmed" maw={560}>
          {t("settings.integrationsIntro")}
        </Text>
        <Button onClick={() => setAdding("")}>{t("settings.integrationAdd")}</Button>
      </Group>
      <ErrorAlert error={integrations.error ?? apps.error} />
      {integrations.isPending && <Skeleton height={180} />}
      {integrations.data?.missing.map((lack) => (
        <Alert
          key={lack.appKey}
          color="orange"
          title={t("settings.lacking", { app: known.get(lack.appKey)?.name ?? lack.appKey })}
        >
          <Stack gap="xs" align="flex-start">
            <Text size="sm">{t("settings.lackingText", { count: lack.automationIds.length })}</Text>
            <Group gap="xs">
              {lack.automationIds.map((automation, index) => (
                <AutomationLink
                  key={automation}
                  projectId={projectId}
                  id={automation}
                  name={uses.names.get(automation) ?? `${index + 1}`}
                />
              ))}
            </Group>
            <Button size="xs" onClick={() => setAdding(lack.appKey)}>
              {t("settings.integrationAddApp", {
                app: known.get(lack.appKey)?.name ?? lack.appKey,
              })}
            </Button>
          </Stack>
        </Alert>
      ))}
      {items?.length === 0 && (
        <EmptyState
          title={t("settings.integrationsEmpty")}
          text={t("settings.integrationsEmptyText")}
        />
      )}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {items?.map((item) => (
          <IntegrationCard
            key={item.appKey}
            projectId={projectId}
            integration={item}
            app={known.get(item.appKey)}
            onEdit={() => setEditing(item)}
            usedBy={usesOf(uses, item.appKey)}
          />
        ))}
      </SimpleGrid>
      {adding !== null && (
        <AddIntegration
          projectId={projectId}
          apps={apps.data?.items ?? []}
          added={new Set(items?.map((item) => item.appKey))}
          appKey={adding}
          onChoose={setAdding}
          onClose={() => setAdding(null)}
        />
      )}
      {editing && (
        <EditIntegration
          projectId={projectId}
          integration={editing}
          onClose={() => setEditing(null)}
        />
      )}
    </Stack>
  );
}

interface CardProps {
  projectId: string;
  integration: Integration;
  app: Summary | undefined;
  usedBy: { id: string; name: string }[];
  onEdit: () => void;
}

function IntegrationCard({ projectId, integration, app, usedBy, onEdit }: CardProps) {
  const { t } = useTranslation();
  const name = integration.appName;
  return (
    <Card withBorder padding="lg" component="article" aria-label={name}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Group wrap="nowrap" gap="sm">
          <AppLogo logo={app?.logo} name={name} />
          <div>
            <Title order={2} size="h5">
              {name}
            </Title>
            <Text size="xs" c="dimmed">
              {integration.authType}
            </Text>
          </div>
        </Group>
        <Button
          variant="default"
          size="compact-sm"
          onClick={onEdit}
          aria-label={t("settings.integrationOpen", { app: name })}
        >
          {t("settings.open")}
        </Button>
      </Group>
      <Text size="sm" mt="sm" c="dimmed">
        {usedBy.length ? t("settings.usedBy") : t("settings.unused")}
      </Text>
      <Group gap="xs">
        {usedBy.map(({ id, name: automation }) => (
          <AutomationLink key={id} projectId={projectId} id={id} name={automation} />
        ))}
      </Group>
      {integration.authType !== "none" && (
        <MyAccount projectId={projectId} appKey={integration.appKey} name={name} />
      )}
    </Card>
  );
}

function AutomationLink(props: { projectId: string; id: string; name: string }) {
  return (
    <Text
      component={Link}
      size="sm"
      td="underline"
      to={`/projects/${props.projectId}/automations/${props.id}`}
    >
      {props.name}
    </Text>
  );
}
