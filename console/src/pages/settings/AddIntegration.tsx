import { Group, Modal, ScrollArea, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { AppLogo } from "../../components/AppLogo";
import { ErrorAlert } from "../../components/ErrorAlert";
import { StateBadge } from "../../components/StateBadge";
import { IntegrationForm } from "./IntegrationForm";

type Summary = components["schemas"]["AppSummary"];

interface Props {
  projectId: string;
  apps: Summary[];
  added: Set<string>;
  /** The app that was chosen; empty: none yet. */
  appKey: string;
  onChoose: (appKey: string) => void;
  onClose: () => void;
}

/** Adds an app: search the catalogue, then what that app asks of the developer. */
export function AddIntegration({ projectId, apps, added, appKey, onChoose, onClose }: Props) {
  const { t } = useTranslation();
  const app = apps.find(({ key }) => key === appKey);
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={
        app ? t("settings.integrationAddApp", { app: app.name }) : t("settings.integrationAdd")
      }
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {appKey ? (
        <Chosen key={appKey} projectId={projectId} appKey={appKey} onDone={onClose} />
      ) : (
        <Catalogue apps={apps} added={added} onChoose={onChoose} />
      )}
    </Modal>
  );
}

function Catalogue({ apps, added, onChoose }: Pick<Props, "apps" | "added" | "onChoose">) {
  const { t, i18n } = useTranslation();
  const [search, setSearch] = useState("");
  const fold = (text: string) => text.toLocaleLowerCase(i18n.language);
  const found = apps.filter((app) =>
    [app.name, app.key, app.description, ...app.categories].some((text) =>
      fold(text).includes(fold(search.trim())),
    ),
  );
  return (
    <Stack>
      <TextInput
        data-autofocus
        type="search"
        label={t("settings.appSearch")}
        placeholder={t("settings.appSearchHint")}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      <ScrollArea.Autosize mah="55dvh" type="auto">
        <Stack gap={4} role="list">
          {found.map((app) => (
            <div role="listitem" key={app.key}>
              <UnstyledButton
                w="100%"
                p="sm"
                disabled={added.has(app.key)}
                onClick={() => onChoose(app.key)}
              >
                <Group wrap="nowrap">
                  <AppLogo logo={app.logo} name={app.name} />
                  <div style={{ flex: 1, minWidth: 0 }}>
                    <Text fw={500}>{app.name}</Text>
                    <Text size="sm" c="dimmed" lineClamp={2}>
                      {app.description}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {t("settings.appHas", {
                        actions: app.componentCount,
                        triggers: app.triggerCount,
                      })}
                    </Text>
                  </div>
                  {added.has(app.key) && (
                    <StateBadge state="connected" label={t("settings.appAdded")} />
                  )}
                </Group>
              </UnstyledButton>
            </div>
          ))}
        </Stack>
      </ScrollArea.Autosize>
      {found.length === 0 && <Text c="dimmed">{t("settings.appNone", { search })}</Text>}
    </Stack>
  );
}

function Chosen(props: { projectId: string; appKey: string; onDone: () => void }) {
  const { projectId, appKey, onDone } = props;
  const { t } = useTranslation();
  const queries = useQueryClient();
  const app = useQuery({
    queryKey: ["apps", appKey],
    queryFn: () => unwrap(api.GET("/api/v1/apps/{appKey}", { params: { path: { appKey } } })),
  });
  const add = useMutation({
    mutationFn: (form: components["schemas"]["OAuthClient"]) =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/integrations", {
          params: { path: { projectId } },
          body: { appKey, ...form },
        }),
      ),
    onSuccess: async (added) => {
      await queries.invalidateQueries({ queryKey: ["projects", projectId, "integrations"] });
      notifications.show({ message: t("settings.integrationAdded", { app: added.appName }) });
      onDone();
    },
  });
  if (app.error) return <ErrorAlert error={app.error} />;
  if (!app.data) return null;
  return (
    <IntegrationForm
      projectId={projectId}
      app={app.data}
      submit={t("settings.integrationAddApp", { app: app.data.name })}
      isSaving={add.isPending}
      error={add.error}
      onSubmit={add.mutate}
    />
  );
}
