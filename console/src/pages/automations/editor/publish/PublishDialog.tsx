import { Button, Group, Modal, ScrollArea, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { type Fault, api, unwrap } from "../../../../api/client";
import type { components } from "../../../../api/schema";
import { ErrorAlert } from "../../../../components/ErrorAlert";
import { FaultList } from "../FaultList";
import { LackingAlert } from "../LackingAlert";
import { useLacking } from "../draft/lacking";
import { type Definition, isShaped } from "../draft/model";
import { automationKey } from "../../automationKey";
import type { Draft } from "../draft/useDraft";
import { Changes } from "../versions/Changes";
import { useVersion } from "../versions/useVersion";
import { Registrations } from "./Registrations";

type Automation = components["schemas"]["AutomationView"];

interface Props {
  path: { projectId: string; automationId: string };
  automation: Automation;
  draft: Draft;
  faults: Fault[];
  warnings: Fault[];
  isOpen: boolean;
  onClose: () => void;
  onSelect: (id: string) => void;
}

/** What publishing changes and what it needs; publishes. */
export function PublishDialog(props: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={props.isOpen}
      onClose={props.onClose}
      size="lg"
      scrollAreaComponent={ScrollArea.Autosize}
      title={t("versions.publishTitle", { name: props.automation.name })}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <PublishForm {...props} />
    </Modal>
  );
}

function PublishForm({ path, automation, draft, faults, warnings, onClose, onSelect }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const lacking = useLacking();
  const published = useVersion(path, automation.publishedVersion);
  const publish = useMutation({
    mutationFn: async () => {
      const revision = await draft.flush();
      if (revision === null) throw new Error(t("automations.notSaved"));
      return unwrap(
        api.POST("/api/v1/projects/{projectId}/automations/{automationId}/publish", {
          params: { path },
          body: { revision },
        }),
      );
    },
    onSuccess: (version) => {
      onClose();
      notifications.show({
        color: "green",
        message: t("automations.publishedNow", { version: version.number }),
      });
      queries.setQueryData([...automationKey(path), "version", version.number], version);
      queries.setQueryData<Automation>(
        automationKey(path),
        (before) => before && { ...before, publishedVersion: version.number },
      );
      void queries.invalidateQueries({ queryKey: [...automationKey(path), "versions"] });
      void queries.invalidateQueries({ queryKey: ["projects", path.projectId, "automations"] });
    },
    onError: () => queries.invalidateQueries({ queryKey: [...automationKey(path), "faults"] }),
  });
  const before = published.data?.definition as unknown as Definition | undefined;
  const isVisual = isShaped(draft.definition);
  return (
    <Stack>
      <FaultList
        faults={faults}
        warnings={warnings}
        draft={draft}
        onSelect={
          isVisual
            ? (id) => {
                onClose();
                onSelect(id);
              }
            : undefined
        }
      />
      <LackingAlert
        projectId={path.projectId}
        lacking={lacking.filter(({ lack }) => lack === "integration")}
      />
      <Registrations path={path} before={before?.trigger} after={draft.shown.trigger} />
      {automation.publishedVersion === null ? (
        <Text size="sm">{t(firstOf(draft.definition))}</Text>
      ) : (
        before && (
          <section aria-label={t("versions.sincePublished")}>
            <Title order={3} mb="xs">
              {t("versions.since", { version: automation.publishedVersion })}
            </Title>
            <Changes before={before} after={draft.shown} />
          </section>
        )
      )}
      <ErrorAlert error={published.error ?? publish.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t("common.cancel")}
        </Button>
        <Button
          data-autofocus
          loading={publish.isPending}
          disabled={faults.length > 0 || draft.state === "conflict"}
          onClick={() => publish.mutate()}
        >
          {t("versions.publishNow")}
        </Button>
      </Group>
    </Stack>
  );
}

/** What a first version makes possible: an application runs it, or registers users for events. */
function firstOf({ trigger }: Definition): string {
  if (!trigger) return "versions.first_none";
  return trigger.type === "manual" ? "versions.first_manual" : "versions.first_event";
}
