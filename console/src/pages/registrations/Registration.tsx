import { Alert, Anchor, Drawer, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { Copyable } from "../../components/Copyable";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Json } from "../../components/Json";
import { Moment } from "../../components/Moment";
import { Refusals } from "../../components/Refusals";
import { StateBadge } from "../../components/StateBadge";
import { Actions } from "./Actions";
import { Events } from "./Events";

type Details = components["schemas"]["RegistrationDetails"];

interface Props {
  projectId: string;
  registrationId: string;
  onClose: () => void;
}

/** One registration beside the list: what it listens with, and what came. */
export function Registration({ projectId, registrationId, onClose }: Props) {
  const { t } = useTranslation();
  const registration = useQuery({
    queryKey: ["projects", projectId, "registration", registrationId],
    refetchInterval: 3000,
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/registrations/{registrationId}", {
          params: { path: { projectId, registrationId } },
        }),
      ),
  });
  const found = registration.data;
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={found?.automationName ?? t("registrations.one")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <ErrorAlert error={registration.error} />
      {registration.isPending && <Skeleton height={360} />}
      {found && (
        <Stack>
          <Group gap="xs">
            <StateBadge state={found.state} label={t(`registrations.state_${found.state}`)} />
            <Text size="sm">
              {found.trigger} · {found.userId || t("registrations.developer")}
            </Text>
          </Group>
          <Trouble projectId={projectId} registration={found} />
          <Actions projectId={projectId} registration={found} onEnded={onClose} />
          <Times projectId={projectId} registration={found} />
          <Refusals count={found.rejected} last={found.lastRefusal} />
          {found.hookUrl && (
            <Copyable
              label={t("registrations.hookUrl")}
              description={t("registrations.hookUrlHint")}
              value={found.hookUrl}
            />
          )}
          {found.hookSecret && (
            <Copyable label={t("registrations.hookSecret")} value={found.hookSecret} />
          )}
          <Title order={3} size="h5">
            {t("registrations.data")}
          </Title>
          <Json value={found.data} label={t("registrations.data")} />
          {found.inputs && (
            <>
              <Title order={3} size="h5">
                {t("registrations.inputs")}
              </Title>
              <Json value={found.inputs} label={t("registrations.inputs")} />
            </>
          )}
          <Events projectId={projectId} registration={found} />
        </Stack>
      )}
    </Drawer>
  );
}

/** What is wrong, in the API's words, and the place where it is mended. */
function Trouble({ projectId, registration }: PartProps) {
  const { t } = useTranslation();
  const { message, state, userId } = registration;
  if (!message) return null;
  const place = userId
    ? `statistics?user=${encodeURIComponent(userId)}`
    : "settings?area=integrations";
  return (
    <Alert color={state === "failing" ? "red" : "orange"} role="status">
      {message}
      {state === "needs-connection" && (
        <Text size="sm" mt={4}>
          <Anchor
            component={Link}
            inherit
            underline="always"
            to={`/projects/${projectId}/${place}`}
          >
            {userId ? t("registrations.toUser") : t("registrations.toMyAccount")}
          </Anchor>
        </Text>
      )}
      {state === "failing" && (
        <Text size="sm" mt={4}>
          {t("registrations.failingText")}
        </Text>
      )}
    </Alert>
  );
}

interface PartProps {
  projectId: string;
  registration: Details;
}

function Times({ projectId, registration }: PartProps) {
  const { t } = useTranslation();
  const times: [string, number | null][] = [
    [t("registrations.since"), registration.createdAt],
    [t("registrations.expires"), registration.expiresAt],
    [t("registrations.nextPoll"), registration.nextPollAt],
    [t("registrations.lastCame"), registration.lastEventAt],
  ];
  return (
    <Group gap="lg">
      {times.map(
        ([name, at]) =>
          at !== null && (
            <Text size="sm" key={name}>
              {name} <Moment at={at} />
            </Text>
          ),
      )}
      {registration.automationName !== null && (
        <Anchor
          component={Link}
          size="sm"
          underline="always"
          to={`/projects/${projectId}/automations/${registration.automationId}`}
        >
          {t("registrations.openAutomation")}
        </Anchor>
      )}
      <Anchor
        size="sm"
        underline="always"
        href={registration.temporalUiUrl}
        target="_blank"
        rel="noreferrer"
      >
        {t("registrations.temporal")} ↗
      </Anchor>
    </Group>
  );
}
