import { Button, Group, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { ErrorAlert } from "../../components/ErrorAlert";

type Details = components["schemas"]["RegistrationDetails"];

interface Props {
  projectId: string;
  registration: Details;
  onEnded: () => void;
}

const ROOT = "/api/v1/projects/{projectId}/registrations/{registrationId}";

/** Test, pause, resume, try again and end. */
export function Actions({ projectId, registration, onEnded }: Props) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const params = { path: { projectId, registrationId: registration.id } };
  const key = ["projects", projectId, "registration", registration.id];
  const refresh = async () => {
    await queries.invalidateQueries({ queryKey: key });
    await queries.invalidateQueries({ queryKey: ["projects", projectId, "registrations"] });
  };
  const test = useMutation({
    mutationFn: () => unwrap(api.POST(`${ROOT}/test`, { params })),
    onSuccess: ({ runId }) => navigate(`/projects/${projectId}/runs/${encodeURIComponent(runId)}`),
  });
  const want = useMutation({
    mutationFn: (state: "active" | "paused") =>
      unwrap(api.POST(state === "paused" ? `${ROOT}/pause` : `${ROOT}/resume`, { params })),
    // It is shown as it is wanted; what the API answers then, and an error, takes it back.
    onMutate: async (state) => {
      await queries.cancelQueries({ queryKey: key });
      const before = queries.getQueryData<Details>(key);
      queries.setQueryData<Details>(key, before && { ...before, state });
      return before;
    },
    onError: (_error, _state, before) => queries.setQueryData(key, before),
    onSettled: refresh,
  });
  const again = useMutation({
    // The engine sees to a registration at once when what is wanted changes.
    mutationFn: async () => {
      await unwrap(api.POST(`${ROOT}/pause`, { params }));
      await unwrap(api.POST(`${ROOT}/resume`, { params }));
    },
    onSuccess: () => notifications.show({ message: t("registrations.tried") }),
    onSettled: refresh,
  });
  const end = useMutation({
    mutationFn: () => unwrap(api.DELETE(ROOT, { params })),
    onSuccess: async () => {
      onEnded();
      notifications.show({ message: t("registrations.ended") });
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
  const { state } = registration;
  const isBroken = state === "failing" || state === "needs-connection";
  return (
    <>
      <Group gap="xs">
        {isBroken && (
          <Button loading={again.isPending} onClick={() => again.mutate()}>
            {t("registrations.again")}
          </Button>
        )}
        <Button
          variant={isBroken ? "default" : "filled"}
          loading={test.isPending}
          onClick={() => test.mutate()}
        >
          {t("registrations.test")}
        </Button>
        <Button
          variant="default"
          disabled={want.isPending || state === "ending"}
          onClick={() => want.mutate(state === "paused" ? "active" : "paused")}
        >
          {state === "paused" ? t("registrations.resume") : t("registrations.pause")}
        </Button>
        <Button variant="light" color="red" loading={end.isPending} onClick={ask}>
          {t("registrations.end")}
        </Button>
      </Group>
      <ErrorAlert error={test.error ?? want.error ?? again.error ?? end.error} />
    </>
  );
}
