import { Badge, Box, Button, type ButtonProps, Group, Paper, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { components } from "../../../../api/schema";
import { Moment } from "../../../../components/Moment";

type Version = components["schemas"]["VersionSummary"];

interface Ways {
  /** The number of the version that something is being done with. */
  busy: number | null;
  onCompare: (number: number) => void;
  onRestore: (number: number) => void;
  onRollBack: (number: number) => void;
}

interface Props extends Ways {
  versions: Version[];
}

/** What was published, the newest first; on a phone all about a version stands below its number. */
export function VersionTable({ versions, ...ways }: Props) {
  const { t } = useTranslation();
  return (
    <Paper withBorder maw={860}>
      <Table verticalSpacing="sm" horizontalSpacing="md">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("automations.version")}</Table.Th>
            <Table.Th visibleFrom="md">{t("automations.publishedAt")}</Table.Th>
            <Table.Th visibleFrom="md">{t("automations.actions")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {versions.map((version) => (
            <Table.Tr key={version.number}>
              <Table.Td>
                {version.number}{" "}
                {version.current && (
                  <Badge variant="light" color="green" tt="none">
                    {t("automations.current")}
                  </Badge>
                )}
                <Box hiddenFrom="md">
                  <Text size="xs" c="dimmed" mb={8}>
                    <Moment at={version.publishedAt} />
                  </Text>
                  <Actions version={version} {...ways} />
                </Box>
              </Table.Td>
              <Table.Td visibleFrom="md">
                <Moment at={version.publishedAt} />
              </Table.Td>
              <Table.Td visibleFrom="md">
                <Actions version={version} {...ways} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

function Actions({ version, busy, onCompare, onRestore, onRollBack }: Ways & { version: Version }) {
  const { t } = useTranslation();
  const { number, current } = version;
  const look: ButtonProps = { size: "xs", variant: "default" };
  return (
    <Group gap="xs">
      <Button
        {...look}
        aria-label={t("versions.compareOf", { version: number })}
        onClick={() => onCompare(number)}
      >
        {t("versions.compareWith")}
      </Button>
      <Button
        {...look}
        loading={busy === number}
        aria-label={t("versions.restoreOf", { version: number })}
        onClick={() => onRestore(number)}
      >
        {t("versions.restore")}
      </Button>
      {!current && (
        <Button
          {...look}
          loading={busy === number}
          aria-label={t("automations.rollBackTo", { version: number })}
          onClick={() => onRollBack(number)}
        >
          {t("automations.rollBack")}
        </Button>
      )}
    </Group>
  );
}
