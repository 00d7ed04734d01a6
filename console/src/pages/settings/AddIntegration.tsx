import { Button, Modal, Skeleton, Stack } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { components } from "../../api/schema";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Catalogue } from "./Catalogue";
import { IntegrationForm } from "./IntegrationForm";
import { appQuery, type Integrations, type useAdd } from "./useIntegrations";

interface Props {
  projectId: string;
  apps: components["schemas"]["AppSummary"][];
  faulty: components["schemas"]["FaultyApp"][];
  integrations: Integrations | undefined;
  /** The app that was chosen; empty: none yet. */
  appKey: string;
  add: ReturnType<typeof useAdd>;
  onChoose: (appKey: string) => void;
  onClose: () => void;
}

/** Adds an app: search the catalogue, then what that app asks of the developer. */
export function AddIntegration(props: Props) {
  const { apps, faulty, integrations, appKey, onChoose, onClose } = props;
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
        <Additional key={appKey} {...props} />
      ) : (
        <Catalogue
          apps={apps}
          faulty={faulty}
          added={new Set(integrations?.items.map((one) => one.appKey))}
          needed={new Set(integrations?.missing.map((one) => one.appKey))}
          onChoose={onChoose}
        />
      )}
    </Modal>
  );
}

function Additional({ integrations, appKey, add, onClose }: Props) {
  const { t } = useTranslation();
  const app = useQuery(appQuery(appKey));
  if (app.error) {
    return (
      <Stack align="flex-start">
        <ErrorAlert error={app.error} />
        <Button variant="default" onClick={() => void app.refetch()}>
          {t("settings.again")}
        </Button>
      </Stack>
    );
  }
  if (!app.data || !integrations) return <Skeleton height={420} />;
  const found = app.data;
  return (
    <IntegrationForm
      app={found}
      needed={integrations.missing.find((one) => one.appKey === appKey)?.neededScopes ?? []}
      submit={t("settings.integrationAddApp", { app: found.name })}
      isSaving={add.isPending}
      error={add.error}
      onSubmit={(form) =>
        add.mutate(
          { app: found, form },
          {
            onSuccess: () => {
              notifications.show({ message: t("settings.integrationAdded", { app: found.name }) });
              onClose();
            },
          },
        )
      }
    />
  );
}
