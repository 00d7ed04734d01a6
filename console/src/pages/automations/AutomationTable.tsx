import { ActionIcon, Anchor, Box, Menu, Stack, Table, Text, VisuallyHidden } from "@mantine/core";
import { IconCopy, IconDotsVertical, IconPencil, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ListTable } from "../../components/ListTable";
import { Moment } from "../../components/Moment";
import { StateBadge } from "../../components/StateBadge";
import type { Summary } from "./useAutomationChanges";

interface Props {
  projectId: string;
  automations: Summary[];
  onRename: (automation: Summary) => void;
  onDuplicate: (automation: Summary) => void;
  onDelete: (automation: Summary) => void;
}

/**
 * Each automation with how it stands; on a phone all that is below the name. Nothing is run from
 * here.
 */
export function AutomationTable({ automations, ...rest }: Props) {
  const { t } = useTranslation();
  return (
    <ListTable
      head={
        <>
          <Table.Th>{t("automations.name")}</Table.Th>
          <Table.Th visibleFrom="md">{t("automations.state")}</Table.Th>
          <Table.Th visibleFrom="lg">{t("automations.registrations")}</Table.Th>
          <Table.Th visibleFrom="sm">{t("automations.lastRun")}</Table.Th>
          <Table.Th visibleFrom="lg">{t("automations.changed")}</Table.Th>
          <Table.Th aria-label={t("automations.actions")} />
        </>
      }
    >
      {automations.map((automation) => (
        <Row key={automation.id} automation={automation} {...rest} />
      ))}
    </ListTable>
  );
}

function Row({
  projectId,
  automation,
  onRename,
  onDuplicate,
  onDelete,
}: Omit<Props, "automations"> & { automation: Summary }) {
  const { t } = useTranslation();
  const { id, name, registrations } = automation;
  const project = `/projects/${projectId}`;
  const registered =
    registrations > 0 ? (
      <Anchor
        component={Link}
        inherit
        to={`${project}/registrations?automation=${id}`}
        underline="always"
        aria-label={t("automations.registrationsOf", { name, count: registrations })}
      >
        {registrations}
      </Anchor>
    ) : (
      registrations
    );
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={id} underline="always" fw={500}>
          {name}
        </Anchor>
        <Box hiddenFrom="md" mt={4}>
          <State automation={automation} />
        </Box>
        <Text size="xs" c="dimmed" hiddenFrom="sm" mt={4}>
          {t("automations.lastRun")}:{" "}
          <LastRun projectId={projectId} automation={automation} isInline />
        </Text>
        {registrations > 0 && (
          <Text size="xs" c="dimmed" hiddenFrom="lg" mt={4}>
            {t("automations.registrations")}: {registered}
          </Text>
        )}
      </Table.Td>
      <Table.Td visibleFrom="md">
        <State automation={automation} />
      </Table.Td>
      <Table.Td visibleFrom="lg">{registered}</Table.Td>
      <Table.Td visibleFrom="sm">
        <LastRun projectId={projectId} automation={automation} />
      </Table.Td>
      <Table.Td visibleFrom="lg">
        <Moment at={automation.updatedAt} />
      </Table.Td>
      <Table.Td ta="right">
        <Menu position="bottom-end" shadow="md">
          <Menu.Target>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t("automations.actionsOf", { name })}
            >
              <IconDotsVertical size={18} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<IconPencil size={16} aria-hidden />}
              onClick={() => onRename(automation)}
            >
              {t("automations.rename")}
            </Menu.Item>
            <Menu.Item
              leftSection={<IconCopy size={16} aria-hidden />}
              onClick={() => onDuplicate(automation)}
            >
              {t("automations.duplicate")}
            </Menu.Item>
            <Menu.Item
              color="red"
              leftSection={<IconTrash size={16} aria-hidden />}
              onClick={() => onDelete(automation)}
            >
              {t("automations.delete")}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Table.Td>
    </Table.Tr>
  );
}

function State({ automation }: { automation: Summary }) {
  const { t } = useTranslation();
  const { publishedVersion } = automation;
  if (publishedVersion === null) return <StateBadge state="draft" label={t("automations.draft")} />;
  return (
    <Stack gap={2} align="flex-start">
      <StateBadge
        state="active"
        label={t("automations.published", { version: publishedVersion })}
      />
      {automation.draftChanged && (
        <Text size="xs" c="orange">
          {t("automations.draftChanged")}
        </Text>
      )}
    </Stack>
  );
}

interface LastRunProps {
  projectId: string;
  automation: Summary;
  /** Within a line of text. */
  isInline?: boolean;
}

function LastRun({ projectId, automation, isInline = false }: LastRunProps) {
  const { t } = useTranslation();
  const { name, lastRun } = automation;
  if (!lastRun) {
    return (
      <Text span inherit={isInline} c="dimmed">
        {t("automations.never")}
      </Text>
    );
  }
  const status = t(`automations.run_${lastRun.status}`);
  const to = `/projects/${projectId}/runs/${encodeURIComponent(lastRun.id)}`;
  if (isInline) {
    return (
      <Anchor component={Link} to={to} inherit underline="always">
        {status} · <Moment at={lastRun.startedAt} />
      </Anchor>
    );
  }
  return (
    <Anchor component={Link} to={to} c="inherit" display="inline-block" pos="relative">
      <VisuallyHidden>{t("automations.lastRunOf", { name, status })}</VisuallyHidden>
      <StateBadge state={lastRun.status} label={status} />
      <Text span size="xs" c="dimmed" display="block">
        <Moment at={lastRun.startedAt} />
      </Text>
    </Anchor>
  );
}
