import { Button, Group, Stack, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { ErrorAlert } from "../../components/ErrorAlert";

interface Props {
  projectId: string;
  run: components["schemas"]["RunDetails"];
  /** The engine was told: the run's state follows. */
  onActed: () => void;
}

/** Where to look further, and what can be done with the run. */
export function Actions({ projectId, run, onActed }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = { projectId, runId: run.id };
  const onSettled = () => {
    onActed();
    return queries.invalidateQueries({ queryKey: ["projects", projectId, "run", run.id] });
  };
  const cancel = useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/v1/projects/{projectId}/runs/{runId}/cancel", { params: { path } })),
    onSuccess: () => notifications.show({ message: t("runs.canceling") }),
    onSettled,
  });
  const retry = useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/v1/projects/{projectId}/runs/{runId}/retry", { params: { path } })),
    onSuccess: () => notifications.show({ message: t("runs.retrying") }),
    onSettled,
  });
  const ask = () =>
    modals.openConfirmModal({
      title: t("runs.cancelTitle"),
      children: <Text size="sm">{t("runs.cancelText")}</Text>,
      labels: { confirm: t("runs.cancel"), cancel: t("runs.keep") },
      confirmProps: { color: "red" },
      onConfirm: () => cancel.mutate(),
    });
  const isGoingOn = run.status === "running" || run.status === "paused";
  return (
    <Stack gap="xs">
      <Group gap="xs">
        {run.status === "error" && (
          <Button loading={retry.isPending} onClick={() => retry.mutate()}>
            {t("runs.retry")}
          </Button>
        )}
        {run.automationName !== null && (
          <Button
            component={Link}
            variant="default"
            to={`/projects/${projectId}/automations/${run.automationId}?run=${encodeURIComponent(run.id)}`}
          >
            {t("runs.openAutomation")}
          </Button>
        )}
        <Button
          component="a"
          variant="default"
          href={run.temporalUiUrl}
          target="_blank"
          rel="noreferrer"
        >
          {t("runs.temporal")} ↗
        </Button>
        {isGoingOn && (
          <Button color="red" variant="light" loading={cancel.isPending} onClick={ask}>
            {t("runs.cancel")}
          </Button>
        )}
      </Group>
      <ErrorAlert error={cancel.error ?? retry.error} />
    </Stack>
  );
}
