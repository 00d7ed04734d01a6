import { Button, Group, Modal, Stack, TagsInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import type { Project } from "../../app/account";
import { ErrorAlert } from "../../components/ErrorAlert";
import { unplaced } from "../../components/unplaced";
import { faultsAt, httpUrl, originUrl } from "./fields";
import { LogoInput } from "./LogoInput";

interface Props {
  project: Project | "new" | null;
  onClose: () => void;
  onCreated: (project: Project) => void;
}

/** Creates a project, or changes one. */
export function ProjectDialog({ project, onClose, onCreated }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={project !== null}
      onClose={onClose}
      title={project === "new" ? t("projects.create") : t("projects.change")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {project && (
        <ProjectForm
          project={project === "new" ? null : project}
          onClose={onClose}
          onCreated={onCreated}
        />
      )}
    </Modal>
  );
}

type FormProps = Omit<Props, "project"> & { project: Project | null };

function ProjectForm({ project, onClose, onCreated }: FormProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const form = useForm({
    initialValues: {
      name: project?.name ?? "",
      webhookUrl: project?.webhookUrl ?? "",
      logoUrl: project?.logoUrl ?? "",
      allowedOrigins: project?.allowedOrigins ?? [],
    },
    validate: {
      name: (text) => (text.trim() ? null : t("projects.nameMissing")),
      webhookUrl: (text) => (httpUrl(text) ? null : t("projects.urlWrong")),
      logoUrl: (text) => (!text.trim() || httpUrl(text) ? null : t("projects.urlWrong")),
      allowedOrigins: (origins) => (origins.every(originUrl) ? null : t("projects.originWrong")),
    },
  });
  const save = useMutation({
    mutationFn: (values: typeof form.values) => {
      const body = {
        ...values,
        name: values.name.trim(),
        webhookUrl: values.webhookUrl.trim(),
        logoUrl: values.logoUrl.trim() || null,
      };
      if (!project) return unwrap(api.POST("/api/v1/projects", { body }));
      const params = { path: { projectId: project.id } };
      return unwrap(api.PATCH("/api/v1/projects/{projectId}", { params, body }));
    },
    onSuccess: async (saved) => {
      queries.setQueryData(["projects", saved.id], saved);
      await queries.invalidateQueries({ queryKey: ["projects"], exact: true });
      onClose();
      if (project) notifications.show({ message: t("common.saved") });
      else onCreated(saved);
    },
    onError: (error) => form.setErrors(faultsAt(error)),
  });
  return (
    <form noValidate onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <Stack>
        <ErrorAlert error={unplaced(save.error, form.getValues())} />
        <TextInput
          label={t("projects.name")}
          description={t("projects.nameHint")}
          required
          data-autofocus
          maxLength={200}
          {...form.getInputProps("name")}
        />
        <TextInput
          type="url"
          label={t("projects.webhookUrl")}
          description={t("projects.webhookUrlHint")}
          placeholder="https://shop.example.com/inlay"
          required
          {...form.getInputProps("webhookUrl")}
        />
        <LogoInput
          name={form.values.name}
          label={t("projects.logoUrl")}
          description={t("projects.logoUrlHint")}
          {...form.getInputProps("logoUrl")}
          value={form.values.logoUrl}
        />
        {project && (
          <TagsInput
            label={t("projects.allowedOrigins")}
            description={t("projects.allowedOriginsHint")}
            placeholder="https://shop.example.com"
            {...form.getInputProps("allowedOrigins")}
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {project ? t("common.save") : t("projects.create")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
