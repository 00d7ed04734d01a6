import {
  Alert,
  Button,
  FileButton,
  Group,
  Modal,
  Radio,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { ApiError, api, unwrap } from "../../api/client";
import { ErrorAlert } from "../../components/ErrorAlert";
import { DEFINITIONS, type Exported, TEMPLATES, type Template, imported } from "./templates";

interface Props {
  projectId: string;
  isOpen: boolean;
  onClose: () => void;
}

/** Asks for a name and what to begin with, or for an exported file, and opens the editor. */
export function CreateModal({ projectId, isOpen, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t("automations.createTitle")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <CreateForm projectId={projectId} />
    </Modal>
  );
}

function CreateForm({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [template, setTemplate] = useState<Template>("greet");
  const [isForeign, setForeign] = useState(false);
  const create = useMutation({
    mutationFn: (body: Exported) =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/automations", {
          params: { path: { projectId } },
          body,
        }),
      ),
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: ["projects", projectId, "automations"] });
      await navigate(`/projects/${projectId}/automations/${made.id}`);
    },
  });
  const importFile = async (file: File | null) => {
    if (!file) return;
    const found = imported(await file.text(), name.trim() || file.name.replace(/\.json$/, ""));
    setForeign(found === null);
    if (found) create.mutate(found);
  };
  const faults = create.error instanceof ApiError ? create.error.faults : [];
  const ofName = faults.find((fault) => fault.path === "name")?.message;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({ name: name.trim(), definition: { ...DEFINITIONS[template] } });
      }}
    >
      <Stack>
        <TextInput
          data-autofocus
          required
          maxLength={200}
          label={t("automations.name")}
          value={name}
          error={ofName}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Radio.Group
          label={t("automations.template")}
          value={template}
          onChange={(value) => setTemplate(value as Template)}
        >
          <Stack gap="xs" mt="xs">
            {TEMPLATES.map((key) => (
              <Radio
                key={key}
                value={key}
                label={t(`automations.template_${key}`)}
                description={t(`automations.template_${key}_text`)}
              />
            ))}
          </Stack>
        </Radio.Group>
        {!ofName && <ErrorAlert error={create.error} />}
        {isForeign && (
          <Alert color="red" role="alert">
            {t("automations.importBad")}
          </Alert>
        )}
        <Group justify="space-between">
          <FileButton accept="application/json,.json" onChange={(file) => void importFile(file)}>
            {(props) => (
              <Button {...props} variant="default">
                {t("automations.import")}
              </Button>
            )}
          </FileButton>
          <Button type="submit" loading={create.isPending} disabled={!name.trim()}>
            {t("automations.create")}
          </Button>
        </Group>
        <Text size="xs" c="dimmed">
          {t("automations.importHint")}
        </Text>
      </Stack>
    </form>
  );
}
