import { Button, Group, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import { ErrorAlert } from "../../components/ErrorAlert";
import { StateBadge } from "../../components/StateBadge";

interface Props {
  projectId: string;
  appKey: string;
  name: string;
}

/** The developer's own account at an app: tests and steps without the switch use it. */
export function MyAccount({ projectId, appKey, name }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const key = ["projects", projectId, "developer-connections"];
  const connections = useQuery({
    queryKey: key,
    // The account is connected in another window.
    refetchOnWindowFocus: "always",
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/developer/connections", {
          params: { path: { projectId } },
        }),
      ),
  });
  const found = connections.data?.items.find((one) => one.appKey === appKey);
  const path = { projectId, appKey };
  const connect = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/developer/connections/{appKey}/link", {
          params: { path },
        }),
      ),
    onSuccess: (link) => window.open(link.url, "_blank", "noopener"),
  });
  const disconnect = useMutation({
    mutationFn: () =>
      unwrap(
        api.DELETE("/api/v1/projects/{projectId}/developer/connections/{appKey}", {
          params: { path },
        }),
      ),
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });
  return (
    <>
      <Group justify="space-between" mt="md" mih={26}>
        <Group gap="xs">
          <Text size="sm">{t("settings.myAccount")}</Text>
          {connections.data && (
            <StateBadge
              state={found?.status ?? "none"}
              label={t(`settings.connection_${found?.status ?? "none"}`)}
            />
          )}
        </Group>
        {found?.status === "connected" ? (
          <Button
            variant="subtle"
            color="red"
            size="compact-sm"
            loading={disconnect.isPending}
            onClick={() => disconnect.mutate()}
            aria-label={t("settings.disconnectApp", { app: name })}
          >
            {t("settings.disconnect")}
          </Button>
        ) : (
          <Button
            variant="light"
            size="compact-sm"
            loading={connect.isPending}
            onClick={() => connect.mutate()}
            aria-label={t("settings.connectApp", { app: name })}
          >
            {t("settings.connect")}
          </Button>
        )}
      </Group>
      <ErrorAlert error={connections.error ?? connect.error ?? disconnect.error} />
    </>
  );
}
