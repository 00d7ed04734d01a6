import { Anchor, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Moment } from "../../components/Moment";
import { StateBadge } from "../../components/StateBadge";

type Details = components["schemas"]["RegistrationDetails"];
type Event = components["schemas"]["EventView"];

const AT_ONCE = 10;

/** What came last, what became of it, and the same once more. */
export function Events({ projectId, registration }: { projectId: string; registration: Details }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(AT_ONCE);
  const events = registration.recentEvents;
  return (
    <Stack gap="xs" component="section" aria-label={t("registrations.recent")}>
      <Title order={3} size="h5">
        {t("registrations.recent")}
      </Title>
      {events.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("registrations.recentEmpty")}
        </Text>
      )}
      {events.slice(0, shown).map((event) => (
        <EventItem
          key={event.id}
          projectId={projectId}
          registrationId={registration.id}
          event={event}
        />
      ))}
      {events.length > shown && (
        <Button variant="default" onClick={() => setShown(shown + AT_ONCE)}>
          {t("common.more")}
        </Button>
      )}
    </Stack>
  );
}

function EventItem(props: { projectId: string; registrationId: string; event: Event }) {
  const { projectId, registrationId, event } = props;
  const { t } = useTranslation();
  const queries = useQueryClient();
  const redeliver = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST(
          "/api/v1/projects/{projectId}/registrations/{registrationId}/events/{eventId}/redeliver",
          { params: { path: { projectId, registrationId, eventId: event.id } } },
        ),
      ),
    onSuccess: () => notifications.show({ message: t("registrations.redelivered") }),
    onSettled: () =>
      queries.invalidateQueries({
        queryKey: ["projects", projectId, "registration", registrationId],
      }),
  });
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between">
        <Group gap="xs">
          <StateBadge state={event.status} label={t(`registrations.event_${event.status}`)} />
          <Text size="sm">
            <Moment at={event.receivedAt} seconds />
          </Text>
        </Group>
        <Group gap="xs">
          {event.runId && (
            <Anchor
              component={Link}
              size="sm"
              underline="always"
              to={`/projects/${projectId}/runs/${encodeURIComponent(event.runId)}`}
            >
              {t("registrations.run")}
            </Anchor>
          )}
          {event.canBeRedelivered && (
            <Button
              variant="subtle"
              size="compact-sm"
              loading={redeliver.isPending}
              onClick={() => redeliver.mutate()}
            >
              {t("registrations.redeliver")}
            </Button>
          )}
        </Group>
      </Group>
      {event.message && (
        <Text size="sm" c="dimmed" mt={4}>
          {event.message}
        </Text>
      )}
      <ErrorAlert error={redeliver.error} />
    </Paper>
  );
}
