import { Alert, Button, Group, Paper, Skeleton, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Moment } from "../../components/Moment";
import { StateBadge } from "../../components/StateBadge";

interface Props {
  projectId: string;
  userId: string;
  connection: components["schemas"]["ConnectionSummary"];
  /** The app's name. */
  name: string;
}

const ROUTE = "/api/v1/projects/{projectId}/users/{userId}/connections/{appKey}";

/** Whose account a user connected, how that stands, and its end. */
export function UserConnection({ projectId, userId, connection, name }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { appKey, status } = connection;
  const params = { path: { projectId, userId, appKey } };
  const details = useQuery({
    queryKey: ["projects", projectId, "users", "connection", userId, appKey, connection.updatedAt],
    queryFn: () => unwrap(api.GET(ROUTE, { params })),
  });
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE(ROUTE, { params })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["projects", projectId, "users"] }),
  });
  const title = t("statistics.connectionDeleteTitle", { app: name, user: userId });
  const ask = () =>
    modals.openConfirmModal({
      title,
      children: <Text size="sm">{t("statistics.connectionDeleteText")}</Text>,
      labels: { confirm: t("statistics.connectionDelete"), cancel: t("common.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => remove.mutate(),
    });
  const found = details.data;
  return (
    <Paper withBorder p="sm" component="article" aria-label={name}>
      <Group justify="space-between">
        <Group gap="xs">
          <Text fw={500}>{name}</Text>
          <StateBadge state={status} label={t(`statistics.connection_${status}`)} />
        </Group>
        <Button
          variant="subtle"
          color="red"
          size="compact-sm"
          loading={remove.isPending}
          aria-label={title}
          onClick={ask}
        >
          {t("statistics.connectionDelete")}
        </Button>
      </Group>
      {details.isPending && <Skeleton height={20} mt={4} />}
      {found && (
        <Text size="sm" c="dimmed" mih={20} mt={4}>
          {found.account?.name ?? found.account?.id ?? t("statistics.accountUnknown")}
          {" · "}
          {t("statistics.updated")} <Moment at={found.updatedAt} />
          {found.expiresAt !== null && (
            <>
              {" · "}
              {t("statistics.expires")} <Moment at={found.expiresAt} />
            </>
          )}
        </Text>
      )}
      {status === "invalid" && (
        <Alert color="orange" mt="xs">
          {found?.invalidReason} {t("statistics.connectionInvalidText")}
        </Alert>
      )}
      <ErrorAlert error={details.error ?? remove.error} />
    </Paper>
  );
}
