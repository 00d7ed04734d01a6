import { Alert, Anchor, Button, Group, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import { ErrorAlert } from "../../components/ErrorAlert";
import { StateBadge } from "../../components/StateBadge";
import { ConnectForm } from "./ConnectForm";
import type { Integration } from "./useIntegrations";

const ROOT = "/api/v1/projects/{projectId}/developer/connections";

/** The developer's own account at an app: tests and steps without the switch use it. */
export function MyAccount({
  projectId,
  integration,
}: {
  projectId: string;
  integration: Integration;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { appKey, appName: app, authType } = integration;
  const isOAuth = authType === "oauth2" || authType === "oauth1";
  /** When the account had been connected as connecting began; null: it is not being connected. */
  const [began, setBegan] = useState<number | null>(null);
  const [opened, setOpened] = useState<Window | null>(null);
  const key = ["projects", projectId, "developer-connections"];
  const connections = useQuery({
    queryKey: key,
    // An account is connected in another window.
    refetchOnWindowFocus: "always",
    refetchInterval: began === null ? false : 2000,
    queryFn: () => unwrap(api.GET(ROOT, { params: { path: { projectId } } })),
  });
  const found = connections.data?.items.find((one) => one.appKey === appKey);
  const status = found?.status ?? "none";
  if (began !== null && found?.status === "connected" && found.updatedAt !== began) setBegan(null);
  const params = { path: { projectId, appKey } };
  const details = useQuery({
    queryKey: [...key, appKey, found?.updatedAt],
    enabled: found !== undefined,
    queryFn: () => unwrap(api.GET(`${ROOT}/{appKey}`, { params })),
  });
  const link = useMutation({
    mutationFn: () => unwrap(api.POST(`${ROOT}/{appKey}/link`, { params })),
  });
  const connect = () => {
    setBegan(found?.updatedAt ?? 0);
    if (!isOAuth) return;
    // Opened at once, as browsers let a click do, and led on when the link is there.
    const popup = window.open("", "_blank", "popup,width=560,height=760");
    setOpened(popup);
    link.mutate(undefined, {
      onSuccess: ({ url }) => popup?.location.replace(url),
      onError: () => {
        popup?.close();
        setBegan(null);
      },
    });
  };
  const { refetch } = connections;
  useEffect(() => {
    if (opened === null) return;
    const watching = setInterval(() => {
      // An app's page can cut the window off, which then passes for closed; what happens in it is
      // seen when the console has the focus again.
      if (!opened.closed) return;
      setOpened(null);
      setBegan(null);
      void refetch();
    }, 500);
    return () => clearInterval(watching);
  }, [opened, refetch]);
  const disconnect = useMutation({
    mutationFn: () => unwrap(api.DELETE(`${ROOT}/{appKey}`, { params })),
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });
  const ask = () =>
    modals.openConfirmModal({
      title: t("settings.disconnectTitle", { app }),
      children: <Text size="sm">{t("settings.disconnectText")}</Text>,
      labels: { confirm: t("settings.disconnect"), cancel: t("common.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => disconnect.mutate(),
    });
  const account = details.data?.account;
  return (
    <>
      <Group justify="space-between" mt="md" mih={26} gap="xs">
        <Group gap="xs">
          <Text size="sm">{t("settings.myAccount")}</Text>
          <StateBadge state={status} label={t(`settings.connection_${status}`)} />
        </Group>
        <Group gap={4}>
          {found && (
            <Button
              variant="subtle"
              color="red"
              size="compact-sm"
              loading={disconnect.isPending}
              onClick={ask}
              aria-label={t("settings.disconnectApp", { app })}
            >
              {t("settings.disconnect")}
            </Button>
          )}
          <Button
            variant={status === "connected" ? "subtle" : "light"}
            size="compact-sm"
            disabled={!connections.data}
            loading={link.isPending}
            onClick={connect}
            aria-label={t(found ? "settings.reconnectApp" : "settings.connectApp", { app })}
          >
            {t(found ? "settings.reconnect" : "settings.connect")}
          </Button>
        </Group>
      </Group>
      <Text size="xs" c="dimmed" mih={18}>
        {status === "invalid"
          ? details.data?.invalidReason
          : (account?.name ?? account?.email ?? account?.id)}
      </Text>
      <ErrorAlert error={connections.error ?? link.error ?? disconnect.error} />
      {began !== null && !isOAuth && (
        <ConnectForm
          projectId={projectId}
          appKey={appKey}
          name={app}
          onConnected={() => void queries.invalidateQueries({ queryKey: key })}
          onClose={() => setBegan(null)}
        />
      )}
      {began !== null && isOAuth && (
        <Alert color="blue" mt="xs" role="status">
          <Text size="sm">{t("settings.connectWaiting")}</Text>
          <Group gap="sm" mt={4}>
            {link.data && (
              <Anchor size="sm" underline="always" href={link.data.url} target="_blank">
                {t("settings.connectLink")}
              </Anchor>
            )}
            <Button size="compact-sm" variant="default" onClick={() => setBegan(null)}>
              {t("common.cancel")}
            </Button>
          </Group>
        </Alert>
      )}
    </>
  );
}
