import { Alert, Button, Group, Select, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import { Copyable } from "../../components/Copyable";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Moment } from "../../components/Moment";

interface Props {
  projectId: string;
  userId: string;
  /** Names of the project's apps by key. */
  names: Map<string, string>;
  /** An app to which the user must connect again. */
  broken: string | undefined;
}

/** A link to send to a user, at which an account is connected, again or at first. */
export function Invitation({ projectId, userId, names, broken }: Props) {
  const { t } = useTranslation();
  const [appKey, setAppKey] = useState<string | null>(null);
  const link = useMutation({
    // Whoever has the link can connect an account: it leaves the page's memory with the window.
    gcTime: 0,
    mutationFn: (key: string) =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/users/{userId}/connections/{appKey}/link", {
          params: { path: { projectId, userId, appKey: key } },
        }),
      ),
  });
  const only = names.size === 1 ? [...names.keys()][0] : undefined;
  const chosen = appKey ?? broken ?? only ?? null;
  return (
    <Stack gap="xs" component="section" aria-label={t("statistics.invite")}>
      <Title order={3} size="h5">
        {t("statistics.invite")}
      </Title>
      <Text size="sm" c="dimmed">
        {t("statistics.inviteText")}
      </Text>
      <Group align="flex-end">
        <Select
          label={t("statistics.app")}
          searchable
          value={chosen}
          onChange={(value) => {
            setAppKey(value);
            link.reset();
          }}
          data={[...names].map(([value, label]) => ({ value, label }))}
          nothingFoundMessage={t("statistics.noApps")}
        />
        <Button
          variant="default"
          disabled={!chosen}
          loading={link.isPending}
          onClick={() => chosen && link.mutate(chosen)}
        >
          {t("statistics.linkMake")}
        </Button>
      </Group>
      <ErrorAlert error={link.error} />
      {link.data && (
        <>
          <Copyable label={t("statistics.link")} value={link.data.url} />
          <Alert color="blue" role="status">
            {t("statistics.linkUntil")} <Moment at={link.data.expiresAt} />
          </Alert>
        </>
      )}
    </Stack>
  );
}
