import { Anchor, Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, unwrap } from "../../api/client";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Workbench } from "./editor/Workbench";
import { automationKey } from "./automationKey";

/** The editor of one automation. */
export default function Editor() {
  const { t } = useTranslation();
  const { id: projectId = "", aid: automationId = "" } = useParams();
  const path = { projectId, automationId };
  const automation = useQuery({
    queryKey: automationKey(path),
    // Read once: from then on the draft in the editor counts, and a conflict is told when saving.
    staleTime: Infinity,
    gcTime: 0,
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/automations/{automationId}", { params: { path } }),
      ),
  });
  return (
    <Stack gap="md">
      <Anchor component={Link} to={`/projects/${projectId}/automations`} size="sm">
        ← {t("automations.back")}
      </Anchor>
      <ErrorAlert error={automation.error} />
      {automation.isPending && <Skeleton height={560} />}
      {automation.data && (
        <Workbench key={automationId} projectId={projectId} automation={automation.data} />
      )}
    </Stack>
  );
}
