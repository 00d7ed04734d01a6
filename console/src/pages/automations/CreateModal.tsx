import { Modal, ScrollArea, Stack, Tabs, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, unwrap } from "../../api/client";
import { ErrorAlert } from "../../components/ErrorAlert";
import { faultsOf } from "../../components/faults";
import { unplaced } from "../../components/unplaced";
import { FromFile } from "./FromFile";
import { FromTemplate } from "./FromTemplate";
import { useAutomationNames } from "../../components/useAutomationNames";
import { CREATE_FORM, type Exported, freeName } from "./exchange";
import type { Template } from "./templates";
import { listKey } from "./useAutomationChanges";

interface Props {
  projectId: string;
  isOpen: boolean;
  /** The template that is chosen at first. */
  template: Template;
  onClose: () => void;
}

/** Asks for a name and what to begin with, or for an exported automation, and opens the editor. */
export function CreateModal({ projectId, isOpen, template, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      size="lg"
      scrollAreaComponent={ScrollArea.Autosize}
      title={t("automations.createTitle")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <CreateForm projectId={projectId} template={template} />
    </Modal>
  );
}

function CreateForm({ projectId, template }: Pick<Props, "projectId" | "template">) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const create = useMutation({
    mutationFn: (body: Exported) =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/automations", {
          params: { path: { projectId } },
          body,
        }),
      ),
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: listKey(projectId) });
      await navigate(`/projects/${projectId}/automations/${made.id}`);
    },
  });
  const told = faultsOf(create.error);
  const names = useAutomationNames(projectId).data?.items.map((one) => one.name) ?? [];
  const isTaken = names.includes(name.trim());
  return (
    <Stack>
      <TextInput
        data-autofocus
        withAsterisk
        // Enter creates it from what is chosen below.
        form={CREATE_FORM}
        maxLength={200}
        label={t("automations.name")}
        value={name}
        error={isTaken ? t("templates.nameTaken") : told.name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <ErrorAlert error={unplaced(create.error, { name })} />
      <Tabs defaultValue="template" keepMounted={false}>
        <Tabs.List aria-label={t("automations.template")}>
          <Tabs.Tab value="template">{t("templates.title")}</Tabs.Tab>
          <Tabs.Tab value="file">{t("templates.file")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="template" pt="md">
          <FromTemplate
            first={template}
            name={isTaken ? "" : name.trim()}
            isBusy={create.isPending}
            onCreate={create.mutate}
          />
        </Tabs.Panel>
        <Tabs.Panel value="file" pt="md">
          <FromFile
            name={isTaken ? "" : name.trim()}
            isBusy={create.isPending}
            onName={(found) => setName((before) => before || freeName(found, names))}
            onCreate={create.mutate}
          />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}
