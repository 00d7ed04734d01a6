import { Alert, Button, Group, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { useFilters } from "../../components/useFilters";
import { AddIntegration } from "./AddIntegration";
import { AutomationLinks } from "./AutomationLinks";
import { EditIntegration } from "./EditIntegration";
import { IntegrationCard } from "./IntegrationCard";
import { appQuery, asks, useAdd, useIntegrations, useRemove } from "./useIntegrations";

/** The apps of the project, those that its automations lack, and the catalogue. */
export function Integrations({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  // Which window is open is in the address, so that other pages can lead to it.
  const place = useFilters();
  const adding = place.get("add");
  const integrations = useIntegrations(projectId);
  const apps = useQuery({
    queryKey: ["apps"],
    staleTime: 600_000,
    queryFn: () => unwrap(api.GET("/api/v1/apps")),
  });
  const add = useAdd(projectId);
  const remove = useRemove(projectId);
  const known = new Map(apps.data?.items.map((app) => [app.key, app]));
  const items = integrations.data?.items;
  const edited = items?.find((one) => one.appKey === place.get("app"));
  /** Adds an app that asks nothing; for any other its form opens. */
  const choose = async (appKey: string) => {
    const app = await queries.fetchQuery(appQuery(appKey)).catch(() => null);
    if (!app || asks(app)) return place.choose({ add: appKey });
    place.choose({ add: null });
    add.mutate(
      { app, form: {} },
      {
        onSuccess: () => {
          const id = notifications.show({
            autoClose: 8000,
            message: (
              <Group justify="space-between" gap="xs">
                {t("settings.integrationAdded", { app: app.name })}
                <Button
                  size="compact-sm"
                  variant="light"
                  onClick={() => {
                    notifications.hide(id);
                    remove.mutate(appKey);
                  }}
                >
                  {t("settings.undo")}
                </Button>
              </Group>
            ),
          });
        },
      },
    );
  };
  return (
    <Stack>
      <Group justify="space-between" align="flex-start">
        <Text c="dimmed" maw={560}>
          {t("settings.integrationsIntro")}
        </Text>
        <Button onClick={() => place.choose({ add: "?" })}>{t("settings.integrationAdd")}</Button>
      </Group>
      <ErrorAlert
        error={
          integrations.error ?? apps.error ?? remove.error ?? (adding === null ? add.error : null)
        }
      />
      {integrations.isPending && <Skeleton height={220} />}
      {integrations.data?.missing.map((lack) => (
        <Alert
          key={lack.appKey}
          color="orange"
          title={t("settings.lacking", { app: lack.appName })}
        >
          <Stack gap="xs" align="flex-start">
            <Text size="sm">{t("settings.lackingText", { count: lack.automations.length })}</Text>
            <AutomationLinks projectId={projectId} automations={lack.automations} />
            <Button size="xs" onClick={() => void choose(lack.appKey)}>
              {t("settings.integrationAddApp", { app: lack.appName })}
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
      <SimpleGrid cols={{ base: 1, sm: 2, xl: 3 }}>
        {items?.map((item) => (
          <IntegrationCard
            key={item.appKey}
            projectId={projectId}
            integration={item}
            app={known.get(item.appKey)}
            onEdit={() => place.choose({ app: item.appKey })}
          />
        ))}
      </SimpleGrid>
      {adding !== null && (
        <AddIntegration
          projectId={projectId}
          apps={apps.data?.items ?? []}
          faulty={apps.data?.faulty ?? []}
          integrations={integrations.data}
          appKey={adding === "?" ? "" : adding}
          add={add}
          onChoose={(appKey) => void choose(appKey)}
          onClose={() => {
            add.reset();
            place.choose({ add: null });
          }}
        />
      )}
      {edited && (
        <EditIntegration
          projectId={projectId}
          integration={edited}
          onClose={() => place.choose({ app: null })}
        />
      )}
    </Stack>
  );
}
