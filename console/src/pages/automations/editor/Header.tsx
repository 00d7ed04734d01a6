import { ActionIcon, Badge, Button, Group, Text, TextInput, Title, Tooltip } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconPencil,
  IconPlayerPlay,
  IconTrash,
} from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { ApiError, type Fault, api, unwrap } from "../../../api/client";
import type { components } from "../../../api/schema";
import { ErrorAlert } from "../../../components/ErrorAlert";
import { type Draft, automationKey } from "./useDraft";

type Automation = components["schemas"]["AutomationView"];

interface Props {
  projectId: string;
  automation: Automation;
  draft: Draft;
  faults: Fault[];
  isTesting: boolean;
  onTest: () => void;
  onFaults: () => void;
}

/** Name, how the draft stands, and what is done with the whole automation. */
export function Header(props: Props) {
  const { projectId, automation, draft, faults, onFaults } = props;
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const path = { projectId, automationId: automation.id };
  const list = { queryKey: ["projects", projectId, "automations"] };
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
      notifications.show({
        color: "green",
        message: t("automations.publishedNow", { version: version.number }),
      });
      queries.setQueryData<Automation>(
        automationKey(path),
        (before) => before && { ...before, publishedVersion: version.number },
      );
      void queries.invalidateQueries({ queryKey: [...automationKey(path), "versions"] });
      void queries.invalidateQueries(list);
    },
    onError: (error) => {
      if (error instanceof ApiError && error.faults.length > 0) onFaults();
      void queries.invalidateQueries({ queryKey: [...automationKey(path), "faults"] });
    },
  });
  const remove = useMutation({
    mutationFn: () =>
      unwrap(
        api.DELETE("/api/v1/projects/{projectId}/automations/{automationId}", {
          params: { path },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries(list);
      await navigate(`/projects/${projectId}/automations`);
    },
  });
  const askRemove = () =>
    modals.openConfirmModal({
      title: t("automations.deleteTitle", { name: automation.name }),
      children: <Text size="sm">{t("automations.deleteText")}</Text>,
      labels: { confirm: t("automations.delete"), cancel: t("common.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => remove.mutate(),
    });
  return (
    <div>
      <Group justify="space-between" gap="sm">
        <Group gap="sm">
          <Name path={path} automation={automation} />
          <Badge variant="light" color={automation.publishedVersion ? "green" : "gray"} tt="none">
            {automation.publishedVersion
              ? t("automations.published", { version: automation.publishedVersion })
              : t("automations.draft")}
          </Badge>
          <Text size="sm" c="dimmed" role="status" miw={90}>
            {t(`automations.save_${draft.state}`)}
          </Text>
        </Group>
        <Group gap="xs">
          <Undo draft={draft} />
          <Tooltip label={t("automations.delete")}>
            <ActionIcon
              variant="default"
              size="lg"
              loading={remove.isPending}
              aria-label={t("automations.delete")}
              onClick={askRemove}
            >
              <IconTrash size={18} aria-hidden />
            </ActionIcon>
          </Tooltip>
          <Button
            variant="default"
            leftSection={<IconPlayerPlay size={16} aria-hidden />}
            aria-pressed={props.isTesting}
            onClick={props.onTest}
          >
            {t("automations.test")}
          </Button>
          <Button
            loading={publish.isPending}
            disabled={faults.length > 0 || draft.state === "conflict"}
            onClick={() => publish.mutate()}
          >
            {t("automations.publish")}
          </Button>
        </Group>
      </Group>
      <ErrorAlert error={publish.error ?? remove.error} />
    </div>
  );
}

function Undo({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  return (
    <ActionIcon.Group>
      <ActionIcon
        variant="default"
        size="lg"
        disabled={!draft.canUndo}
        aria-label={t("automations.undo")}
        aria-keyshortcuts="Control+Z"
        onClick={draft.undo}
      >
        <IconArrowBackUp size={18} aria-hidden />
      </ActionIcon>
      <ActionIcon
        variant="default"
        size="lg"
        disabled={!draft.canRedo}
        aria-label={t("automations.redo")}
        aria-keyshortcuts="Control+Shift+Z"
        onClick={draft.redo}
      >
        <IconArrowForwardUp size={18} aria-hidden />
      </ActionIcon>
    </ActionIcon.Group>
  );
}

function Name({
  path,
  automation,
}: {
  path: { projectId: string; automationId: string };
  automation: Automation;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [typed, setTyped] = useState<string | null>(null);
  const rename = useMutation({
    mutationFn: (name: string) =>
      unwrap(
        api.PATCH("/api/v1/projects/{projectId}/automations/{automationId}", {
          params: { path },
          body: { name },
        }),
      ),
    onSuccess: (answer) => {
      setTyped(null);
      queries.setQueryData<Automation>(
        automationKey(path),
        (before) => before && { ...before, name: answer.name },
      );
      void queries.invalidateQueries({ queryKey: ["projects", path.projectId, "automations"] });
    },
  });
  if (typed === null) {
    return (
      <Group gap={4}>
        <Title order={1}>{automation.name}</Title>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("automations.rename")}
          onClick={() => setTyped(automation.name)}
        >
          <IconPencil size={18} aria-hidden />
        </ActionIcon>
      </Group>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim()) rename.mutate(typed.trim());
      }}
    >
      <Group gap="xs">
        <TextInput
          autoFocus
          aria-label={t("automations.name")}
          maxLength={200}
          value={typed}
          error={rename.error?.message}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Escape" && setTyped(null)}
        />
        <Button type="submit" loading={rename.isPending} disabled={!typed.trim()}>
          {t("common.save")}
        </Button>
        <Button variant="subtle" onClick={() => setTyped(null)}>
          {t("common.cancel")}
        </Button>
      </Group>
    </form>
  );
}
