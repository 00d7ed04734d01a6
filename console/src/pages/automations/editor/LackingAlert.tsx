import { Alert, Anchor, List } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Lacking } from "./draft/lacking";

/** What must be done in the project's settings before a run or a test can start. */
export function LackingAlert({ projectId, lacking }: { projectId: string; lacking: Lacking[] }) {
  const { t } = useTranslation();
  if (lacking.length === 0) return null;
  const isAdded = lacking.every(({ lack }) => lack !== "integration");
  return (
    <Alert color="orange" mb="md" title={t(isAdded ? "editor.lackingTests" : "editor.lackingRuns")}>
      <List size="sm">
        {lacking.map(({ appKey, appName, lack }) => (
          <List.Item key={appKey}>{t(`editor.lacking_${lack}`, { app: appName })}</List.Item>
        ))}
      </List>
      <Anchor
        component={Link}
        to={`/projects/${projectId}/settings?area=integrations`}
        size="sm"
        underline="always"
        c="inherit"
      >
        {isAdded
          ? t("editor.connectAccount")
          : t("versions.addIntegrations", { count: lacking.length })}
      </Anchor>
    </Alert>
  );
}
