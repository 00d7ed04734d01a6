import { Alert, Button, List, Modal, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, unwrap } from "../../api/client";
import { useProject } from "../../app/account";
import { ErrorAlert } from "../../components/ErrorAlert";
import { useCounts } from "./useCounts";

/** Deleting the project: says what goes with it, and asks for the name. */
export function Danger({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  return (
    <Alert color="red" variant="outline" title={t("settings.deleteTitle")}>
      <Stack align="flex-start">
        <Text size="sm">{t("settings.deleteIntro")}</Text>
        <Button color="red" onClick={() => setOpened(true)}>
          {t("settings.deleteOpen")}
        </Button>
      </Stack>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={t("settings.deleteTitle")}
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        <Confirm projectId={projectId} />
      </Modal>
    </Alert>
  );
}

function Confirm({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [typed, setTyped] = useState("");
  const project = useProject(projectId);
  const counts = useCounts(projectId);
  const remove = useMutation({
    mutationFn: () =>
      unwrap(
        api.DELETE("/api/v1/projects/{projectId}", {
          params: { path: { projectId }, query: { confirm: typed } },
        }),
      ),
    onSuccess: (removed) => {
      void navigate("/projects");
      queries.removeQueries({ queryKey: ["projects", projectId] });
      void queries.invalidateQueries({ queryKey: ["projects"] });
      notifications.show({
        message: t("settings.deleted", {
          name: typed,
          automations: removed.automations,
          users: removed.users,
          stoppedRuns: removed.stoppedRuns,
        }),
      });
    },
  });
  if (project.error || counts.error) return <ErrorAlert error={project.error ?? counts.error} />;
  if (!project.data || !counts.data) return <Skeleton height={220} />;
  const name = project.data.name;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        remove.mutate();
      }}
    >
      <Stack>
        <Title order={3} size="h5">
          {t("settings.deleteGoes", { name })}
        </Title>
        <List size="sm">
          {counts.data.map(({ what, count }) => (
            <List.Item key={what}>
              {t(`settings.count_${what}`, { shown: String(count) })}
            </List.Item>
          ))}
        </List>
        <Text size="sm">{t("settings.deleteText")}</Text>
        <TextInput
          data-autofocus
          label={t("settings.deleteType", { name })}
          value={typed}
          autoComplete="off"
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <ErrorAlert error={remove.error} />
        <Button type="submit" color="red" disabled={typed !== name} loading={remove.isPending}>
          {t("settings.deleteConfirm")}
        </Button>
      </Stack>
    </form>
  );
}
