import { ActionIcon, Badge, Button, Group, Menu, Text, Tooltip } from "@mantine/core";
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconCopy,
  IconDots,
  IconDownload,
  IconKeyboard,
  IconPlayerPlay,
  IconTrash,
} from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { components } from "../../../api/schema";
import { ErrorAlert } from "../../../components/ErrorAlert";
import { DeleteDialog } from "../DeleteDialog";
import { download } from "../exchange";
import { useDuplicate } from "../useAutomationChanges";
import { Name } from "./Name";
import { changes } from "./versions/difference";
import { useVersion } from "./versions/useVersion";
import type { Draft } from "./draft/useDraft";

type Automation = components["schemas"]["AutomationView"];

interface Props {
  projectId: string;
  automation: Automation;
  draft: Draft;
  isTesting: boolean;
  onTest: () => void;
  onPublish: () => void;
  onHelp: () => void;
}

/** Name, how the draft stands, and what is done with the whole automation. */
export function Header(props: Props) {
  const { projectId, automation, draft } = props;
  const { t } = useTranslation();
  const path = { projectId, automationId: automation.id };
  return (
    <Group justify="space-between" gap="sm">
      <Group gap="sm">
        <Name path={path} automation={automation} />
        <Published path={path} automation={automation} draft={draft} />
        <Text size="sm" c="dimmed" role="status" miw={90}>
          {t(`automations.save_${draft.state}`)}
        </Text>
      </Group>
      <Group gap="xs">
        <Undo draft={draft} />
        <Tooltip label={t("keyboard.title")}>
          <ActionIcon
            variant="default"
            size="lg"
            visibleFrom="sm"
            aria-label={t("keyboard.title")}
            onClick={props.onHelp}
          >
            <IconKeyboard size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <More projectId={projectId} automation={automation} draft={draft} />
        <Button
          variant="default"
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          aria-pressed={props.isTesting}
          onClick={props.onTest}
        >
          {t("automations.test")}
        </Button>
        <Button onClick={props.onPublish}>{t("automations.publish")}</Button>
      </Group>
    </Group>
  );
}

/** Which version is published, and whether the draft is another by now. */
function Published({
  path,
  automation,
  draft,
}: {
  path: { projectId: string; automationId: string };
  automation: Automation;
  draft: Draft;
}) {
  const { t } = useTranslation();
  const { publishedVersion } = automation;
  const published = useVersion(path, publishedVersion);
  if (publishedVersion === null) {
    return (
      <Badge variant="light" color="gray" tt="none">
        {t("automations.draft")}
      </Badge>
    );
  }
  const before = published.data?.definition as never;
  const isChanged = published.isSuccess && changes(before, draft.shown as never).length > 0;
  return (
    <>
      <Badge variant="light" color="green" tt="none">
        {t("automations.published", { version: publishedVersion })}
      </Badge>
      {isChanged && (
        <Badge variant="light" color="orange" tt="none">
          {t("automations.draftChanged")}
        </Badge>
      )}
    </>
  );
}

function More({ projectId, automation, draft }: Pick<Props, "projectId" | "automation" | "draft">) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isDeleting, setDeleting] = useState(false);
  const list = `/projects/${projectId}/automations`;
  const duplicate = useDuplicate(projectId);
  const copy = async () => {
    await draft.flush();
    duplicate.mutate(automation, { onSuccess: (made) => navigate(`${list}/${made.id}`) });
  };
  return (
    <>
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <ActionIcon
            variant="default"
            size="lg"
            loading={duplicate.isPending}
            aria-label={t("automations.more")}
          >
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} onClick={() => void copy()}>
            {t("automations.duplicate")}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() => download(automation.name, draft.shown)}
          >
            {t("automations.export")}
          </Menu.Item>
          <Menu.Item
            color="red"
            leftSection={<IconTrash size={16} aria-hidden />}
            onClick={() => setDeleting(true)}
          >
            {t("automations.delete")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ErrorAlert error={duplicate.error} />
      <DeleteDialog
        projectId={projectId}
        automation={isDeleting ? automation : null}
        onClose={() => setDeleting(false)}
        onDeleted={() => navigate(list)}
      />
    </>
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
