import { Badge, Button, Group, Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { components } from "../../../../api/schema";
import { Moment } from "../../../../components/Moment";

type Version = components["schemas"]["VersionSummary"];

interface Props {
  versions: Version[];
  /** The number of the version that something is being done with. */
  busy: number | null;
  onCompare: (number: number) => void;
  onRestore: (number: number) => void;
  onRollBack: (number: number) => void;
}

/** What was published, the newest first. */
export function VersionTable({ versions, busy, onCompare, onRestore, onRollBack }: Props) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={620}>
      <Table maw={860} verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("automations.version")}</Table.Th>
            <Table.Th>{t("automations.publishedAt")}</Table.Th>
            <Table.Th>{t("automations.actions")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {versions.map(({ number, current, publishedAt }) => (
            <Table.Tr key={number}>
              <Table.Td>
                {number}{" "}
                {current && (
                  <Badge variant="light" color="green" tt="none">
                    {t("automations.current")}
                  </Badge>
                )}
              </Table.Td>
              <Table.Td>
                <Moment at={publishedAt} />
              </Table.Td>
              <Table.Td>
                <Group gap="xs" wrap="nowrap">
                  <Button
                    size="xs"
                    variant="default"
                    aria-label={t("versions.compareOf", { version: number })}
                    onClick={() => onCompare(number)}
                  >
                    {t("versions.compareWith")}
                  </Button>
                  <Button
                    size="xs"
                    variant="default"
                    loading={busy === number}
                    aria-label={t("versions.restoreOf", { version: number })}
                    onClick={() => onRestore(number)}
                  >
                    {t("versions.restore")}
                  </Button>
                  {!current && (
                    <Button
                      size="xs"
                      variant="default"
                      loading={busy === number}
                      aria-label={t("automations.rollBackTo", { version: number })}
                      onClick={() => onRollBack(number)}
                    >
                      {t("automations.rollBack")}
                    </Button>
                  )}
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
