import { Button, Group, Stack, Switch } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Account } from "../../app/account";
import { ErrorAlert } from "../../components/ErrorAlert";
import { useChange } from "./useChange";

/** Off, there are no projects; on, they appear in the home menu. */
export function DeveloperMode({ account }: { account: Account }) {
  const { t } = useTranslation();
  const change = useChange();
  return (
    <Stack gap="xs">
      <ErrorAlert error={change.error} />
      <Group justify="space-between" mih={36}>
        <Switch
          size="md"
          label={t("account.developerMode")}
          description={t("account.developerModeText")}
          checked={account.developerMode}
          onChange={(event) => change.mutate({ developerMode: event.currentTarget.checked })}
        />
        {account.developerMode && (
          <Button component={Link} to="/projects" variant="light">
            {t("account.toProjects")}
          </Button>
        )}
      </Group>
    </Stack>
  );
}
