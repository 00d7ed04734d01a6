import { Anchor, Button, Drawer, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ApiError, api, unwrap } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Moment } from "../../components/Moment";
import { Invitation } from "./Invitation";
import { UserConnection } from "./UserConnection";

const USER_UNKNOWN = 1000;

interface Props {
  projectId: string;
  userId: string;
  /** Names of the project's apps by key. */
  names: Map<string, string>;
  onClose: () => void;
}

/** An end user beside the list: the connections, a link to connect, and the user's end. */
export function User({ projectId, userId, names, onClose }: Props) {
  const { t } = useTranslation();
  const found = useQuery({
    queryKey: ["projects", projectId, "users", "one", userId],
    queryFn: () => readUser(projectId, userId),
  });
  const user = found.data;
  const place = `/projects/${projectId}`;
  const query = `user=${encodeURIComponent(userId)}`;
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={userId}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <ErrorAlert error={found.error} />
      {found.isPending && <Skeleton height={320} />}
      {user === null && (
        <EmptyState title={t("statistics.userUnknown")} text={t("statistics.userUnknownText")} />
      )}
      <Stack display={found.isPending ? "none" : undefined}>
        <Group gap="lg">
          {user && (
            <Text size="sm">
              {t("statistics.since")}: <Moment at={user.createdAt} />
            </Text>
          )}
          <Anchor component={Link} size="sm" underline="always" to={`${place}/runs?${query}`}>
            {t("statistics.userRuns")}
          </Anchor>
          <Anchor
            component={Link}
            size="sm"
            underline="always"
            to={`${place}/registrations?${query}`}
          >
            {t("statistics.userRegistrations")}
          </Anchor>
        </Group>
        {user && (
          <>
            <Title order={3} size="h5">
              {t("statistics.connections")}
            </Title>
            {user.connections.length === 0 && (
              <Text size="sm" c="dimmed">
                {t("statistics.connectionsNone")}
              </Text>
            )}
            {user.connections.map((connection) => (
              <UserConnection
                key={connection.appKey}
                projectId={projectId}
                userId={userId}
                connection={connection}
                name={names.get(connection.appKey) ?? connection.appKey}
              />
            ))}
          </>
        )}
        <Invitation
          projectId={projectId}
          userId={userId}
          names={names}
          broken={user?.connections.find(({ status }) => status === "invalid")?.appKey}
        />
        {user && <Removal projectId={projectId} userId={userId} onRemoved={onClose} />}
      </Stack>
    </Drawer>
  );
}

function Removal(props: { projectId: string; userId: string; onRemoved: () => void }) {
  const { projectId, userId, onRemoved } = props;
  const { t } = useTranslation();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      unwrap(
        api.DELETE("/api/v1/projects/{projectId}/users/{userId}", {
          params: { path: { projectId, userId } },
        }),
      ),
    onSuccess: async () => {
      notifications.show({ message: t("statistics.userDeleted", { user: userId }) });
      onRemoved();
      await queries.invalidateQueries({ queryKey: ["projects", projectId] });
    },
  });
  const ask = () =>
    modals.openConfirmModal({
      title: t("statistics.userDeleteTitle", { user: userId }),
      children: <Text size="sm">{t("statistics.userDeleteText")}</Text>,
      labels: { confirm: t("statistics.userDelete"), cancel: t("common.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => remove.mutate(),
    });
  return (
    <div>
      <Button variant="light" color="red" loading={remove.isPending} onClick={ask}>
        {t("statistics.userDelete")}
      </Button>
      {remove.isPending && (
        <Text size="sm" c="dimmed" mt="xs" role="status">
          {t("statistics.userDeleting")}
        </Text>
      )}
      <ErrorAlert error={remove.error} />
    </div>
  );
}

/** The user with this id; null when there is none. */
async function readUser(projectId: string, userId: string) {
  try {
    return await unwrap(
      api.GET("/api/v1/projects/{projectId}/users/{userId}", {
        params: { path: { projectId, userId } },
      }),
    );
  } catch (error) {
    if (error instanceof ApiError && error.code === USER_UNKNOWN) return null;
    throw error;
  }
}
