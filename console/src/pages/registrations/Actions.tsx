import { Button, Group, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { ErrorAlert } from "../../components/ErrorAlert";

interface Props {
  projectId: string;
  registration: components["schemas"]["RegistrationDetails"];
  onEnded: () => void;
}

const ROOT = "/api/v1/projects/{projectId}/registrations/{registrationId}";

/** Test, pause, resume and end. */
export function Actions({ projectId, registration, onEnded }: Props) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const params = { path: { projectId, registrationId: registration.id } };
  const refresh = async () => {
    await queries.invalidateQueries({ queryKey: ["projects", projectId, "registration"] });
    await queries.invalidateQueries({ queryKey: ["projects", projectId, "registrations"] });
  };
  const test = useMutation({
    mutationFn: () => unwrap(api.POST(`${ROOT}/test`, { params })),
    onSuccess: ({ runId }) => navigate(`/projects/${projectId}/runs/${encodeURIComponent(runId)}`),
  });
  const pause = useMutation({
    mutationFn: () => unwrap(api.POST(`${ROOT}/pause`, { params })),
    onSettled: refresh,
  });
  const resume = useMutation({
    mutationFn: () => unwrap(api.POST(`${ROOT}/resume`, { params })),
    onSettled: refresh,
  });
  const end = useMutation({
    mutationFn: () => unwrap(api.DELETE(ROOT, { params })),
    onSuccess: async () => {
      notifications.show({ message: t("registrations.ended") });
      onEnded();
      await queries.invalidateQueries({ queryKey: ["projects", projectId, "registrations"] });
    },
  });
  const ask = () =>
    modals.openConfirmModal({
      title: t("registrations.endTitle"),
      children: <Text size="sm">{t("registrations.endText")}</Text>,
      labels: { confirm: t("registrations.end"), cancel: t("registrations.keep") },
      confirmProps: { color: "red" },
      onConfirm: () => end.mutate(),
    });
  const isPaused = registration.state === "paused";
  return (
    <>
      <Group>
        <Button loading={test.isPending} onClick={() => test.mutate()}>
          {t("registrations.test")}
        </Button>
        {isPaused ? (
          <Button variant="default" loading={resume.isPending} onClick={() => resume.mutate()}>
            {t("registrations.resume")}
          </Button>
        ) : (
          <Button
            variant="default"
            loading={pause.isPending}
            disabled={registration.state === "ending"}
            onClick={() => pause.mutate()}
          >
            {t("registrations.pause")}
          </Button>
        )}
        <Button variant="light" color="red" loading={end.isPending} onClick={ask}>
          {t("registrations.end")}
        </Button>
      </Group>
      <ErrorAlert error={test.error ?? pause.error ?? resume.error ?? end.error} />
    </>
  );
}
