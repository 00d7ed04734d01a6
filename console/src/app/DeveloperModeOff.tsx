import { Anchor, Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { EmptyState } from "../components/EmptyState";
import { ErrorAlert } from "../components/ErrorAlert";
import { useDeveloperMode } from "./useDeveloperMode";

/** Where projects would be, when developer mode is off. */
export function DeveloperModeOff() {
  const { t } = useTranslation();
  const turnOn = useDeveloperMode();
  return (
    <EmptyState
      title={t("projects.developerModeOff")}
      text={t("projects.developerModeOffText")}
      action={
        <>
          <Button mt="sm" loading={turnOn.isPending} onClick={() => turnOn.mutate()}>
            {t("projects.developerModeOn")}
          </Button>
          <Anchor component={Link} to="/profile" size="sm" underline="always">
            {t("projects.toProfile")}
          </Anchor>
          <ErrorAlert error={turnOn.error} />
        </>
      }
    />
  );
}
