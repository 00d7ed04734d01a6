import { Button, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { components } from "../../api/schema";
import { ListTable } from "../../components/ListTable";
import { Moment } from "../../components/Moment";
import { StateBadge } from "../../components/StateBadge";

export type Row = components["schemas"]["RegistrationView"];

interface Props {
  rows: Row[];
  onOpen: (id: string) => void;
}

/** Registrations with what came last and what comes next; on a phone the user is below the name. */
export function RegistrationTable({ rows, onOpen }: Props) {
  const { t } = useTranslation();
  return (
    <ListTable
      head={
        <>
          <Table.Th>{t("registrations.automation")}</Table.Th>
          <Table.Th visibleFrom="sm">{t("registrations.user")}</Table.Th>
          <Table.Th>{t("registrations.state")}</Table.Th>
          <Table.Th visibleFrom="md">{t("registrations.events")}</Table.Th>
          <Table.Th visibleFrom="md">{t("registrations.lastEvent")}</Table.Th>
          <Table.Th visibleFrom="lg">{t("registrations.next")}</Table.Th>
          <Table.Th aria-label={t("registrations.actions")} />
        </>
      }
    >
      {rows.map((row) => {
        const name = row.automationName ?? t("registrations.deletedAutomation");
        const user = row.userId || t("registrations.developer");
        return (
          <Table.Tr key={row.id}>
            <Table.Td>
              {name}
              <Text size="xs" c="dimmed">
                {row.trigger}
                <Text span inherit hiddenFrom="sm">{` · ${user}`}</Text>
              </Text>
            </Table.Td>
            <Table.Td visibleFrom="sm">{user}</Table.Td>
            <Table.Td maw={300}>
              <StateBadge state={row.state} label={t(`registrations.state_${row.state}`)} />
              {row.message && (
                <Text size="xs" mt={4} lineClamp={2}>
                  {row.message}
                </Text>
              )}
            </Table.Td>
            <Table.Td visibleFrom="md">
              {row.events}
              {row.rejected > 0 && ` (${t("registrations.rejected", { count: row.rejected })})`}
            </Table.Td>
            <Table.Td visibleFrom="md">
              {row.lastEventAt ? <Moment at={row.lastEventAt} /> : "–"}
            </Table.Td>
            <Table.Td visibleFrom="lg">
              <Next row={row} />
            </Table.Td>
            <Table.Td ta="right">
              <Button
                variant="default"
                size="compact-sm"
                onClick={() => onOpen(row.id)}
                aria-label={t("registrations.openOf", { name, user })}
              >
                {t("registrations.open")}
              </Button>
            </Table.Td>
          </Table.Tr>
        );
      })}
    </ListTable>
  );
}

/** When the app is asked for news, or before when the subscription is renewed. */
function Next({ row }: { row: Row }) {
  const { t } = useTranslation();
  const at = row.nextPollAt ?? row.expiresAt;
  if (at === null) return "–";
  return (
    <>
      <Moment at={at} />
      <Text size="xs" c="dimmed">
        {row.nextPollAt === null ? t("registrations.renewal") : t("registrations.poll")}
      </Text>
    </>
  );
}
