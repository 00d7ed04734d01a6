import { Alert, Box, Button, Card, Group, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useTranslation } from "react-i18next";
import type { components } from "../../api/schema";
import { AppLogo } from "../../components/AppLogo";
import { ErrorAlert } from "../../components/ErrorAlert";
import { AutomationLinks } from "./AutomationLinks";
import { MyAccount } from "./MyAccount";
import { type Integration, useChange } from "./useIntegrations";

interface Props {
  projectId: string;
  integration: Integration;
  app: components["schemas"]["AppSummary"] | undefined;
  onEdit: () => void;
}

/** An app of the project: who uses it, what it lacks, and the developer's own account. */
export function IntegrationCard({ projectId, integration, app, onEdit }: Props) {
  const { t } = useTranslation();
  const { appName: name, usedBy } = integration;
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
              {app?.categories
                .map((key) => t(`settings.category_${key}`, { defaultValue: key }))
                .join(" · ")}
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
      <AutomationLinks projectId={projectId} automations={usedBy} />
      <MissingScopes projectId={projectId} integration={integration} />
      {integration.authType !== "none" && (
        <Box mt="auto">
          <MyAccount projectId={projectId} integration={integration} />
        </Box>
      )}
    </Card>
  );
}

/** Scopes that automations need and that users are not asked for; one click asks for them. */
function MissingScopes({
  projectId,
  integration,
}: {
  projectId: string;
  integration: Integration;
}) {
  const { t } = useTranslation();
  const { appKey, appName, scopes, missingScopes } = integration;
  const change = useChange(projectId, appKey);
  if (missingScopes.length === 0) return null;
  return (
    <Alert color="orange" mt="sm" title={t("settings.scopesMissing")}>
      <Text size="sm" mb="xs">
        {missingScopes.join(", ")}
      </Text>
      <Button
        size="xs"
        loading={change.isPending}
        onClick={() =>
          change.mutate(
            { scopes: [...scopes, ...missingScopes] },
            {
              onSuccess: () =>
                notifications.show({ message: t("settings.scopesMended", { app: appName }) }),
            },
          )
        }
      >
        {t("settings.scopesMend", { count: missingScopes.length })}
      </Button>
      <ErrorAlert error={change.error} />
    </Alert>
  );
}
