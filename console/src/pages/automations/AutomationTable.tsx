import { ActionIcon, Anchor, Menu, Stack, Table, Text, VisuallyHidden } from "@mantine/core";
import { IconCopy, IconDotsVertical, IconPencil, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
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

/** Each automation with how it stands. Nothing is run from here. */
export function AutomationTable({ automations, ...rest }: Props) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={720}>
      <Table verticalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("automations.name")}</Table.Th>
            <Table.Th>{t("automations.state")}</Table.Th>
            <Table.Th>{t("automations.registrations")}</Table.Th>
            <Table.Th>{t("automations.lastRun")}</Table.Th>
            <Table.Th>{t("automations.changed")}</Table.Th>
            <Table.Th w={100}>{t("automations.actions")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {automations.map((automation) => (
            <Row key={automation.id} automation={automation} {...rest} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
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
  const { id, name, lastRun, registrations } = automation;
  const project = `/projects/${projectId}`;
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={id} underline="always" fw={500}>
          {name}
        </Anchor>
      </Table.Td>
      <Table.Td>
        <State automation={automation} />
      </Table.Td>
      <Table.Td>
        {registrations > 0 ? (
          <Anchor
            component={Link}
            to={`${project}/registrations?automation=${id}`}
            underline="always"
            aria-label={t("automations.registrationsOf", { name, count: registrations })}
          >
            {registrations}
          </Anchor>
        ) : (
          registrations
        )}
      </Table.Td>
      <Table.Td>
        {lastRun ? (
          <Anchor
            component={Link}
            to={`${project}/runs/${encodeURIComponent(lastRun.id)}`}
            c="inherit"
            display="inline-block"
            pos="relative"
          >
            <VisuallyHidden>
              {t("automations.lastRunOf", {
                name,
                status: t(`automations.run_${lastRun.status}`),
              })}
            </VisuallyHidden>
            <StateBadge state={lastRun.status} label={t(`automations.run_${lastRun.status}`)} />
            <Text span size="xs" c="dimmed" display="block">
              <Moment at={lastRun.startedAt} />
            </Text>
          </Anchor>
        ) : (
          <Text c="dimmed">{t("automations.never")}</Text>
        )}
      </Table.Td>
      <Table.Td>
        <Moment at={automation.updatedAt} />
      </Table.Td>
      <Table.Td>
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
