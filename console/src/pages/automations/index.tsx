import {
  Anchor,
  Button,
  Group,
  Skeleton,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Moment } from "../../components/Moment";
import { More } from "../../components/More";
import { StateBadge } from "../../components/StateBadge";
import { CreateModal } from "./CreateModal";

type Summary = components["schemas"]["AutomationSummary"];

const PER_PAGE = 20;
const COUNTED = 100;

/** A project's automations. Nothing is run from here. */
export default function Automations() {
  const { t } = useTranslation();
  const { id: projectId = "" } = useParams();
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed.trim(), 250);
  const [isCreating, creating] = useDisclosure();
  const automations = useInfiniteQuery({
    queryKey: ["projects", projectId, "automations", { search }],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/automations", {
          params: { path: { projectId }, query: { search, limit: PER_PAGE, cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.nextCursor,
  });
  const rows = automations.data?.pages.flatMap((page) => page.items);
  const create = <Button onClick={creating.open}>{t("automations.create")}</Button>;
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={1}>{t("automations.title")}</Title>
        {create}
      </Group>
      {(search !== "" || rows?.length !== 0) && (
        <TextInput
          type="search"
          maw={360}
          label={t("automations.search")}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      <ErrorAlert error={automations.error} />
      {automations.isPending && <Skeleton height={240} />}
      {rows?.length === 0 && (
        <EmptyState
          title={search ? t("automations.noneFound") : t("automations.empty")}
          text={search ? t("automations.noneFoundText") : t("automations.emptyText")}
          action={search ? undefined : create}
        />
      )}
      {rows && rows.length > 0 && <AutomationTable projectId={projectId} automations={rows} />}
      <More query={automations} />
      <CreateModal projectId={projectId} isOpen={isCreating} onClose={creating.close} />
    </Stack>
  );
}

function AutomationTable({
  projectId,
  automations,
}: {
  projectId: string;
  automations: Summary[];
}) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={680}>
      <Table verticalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("automations.name")}</Table.Th>
            <Table.Th>{t("automations.state")}</Table.Th>
            <Table.Th>{t("automations.registrations")}</Table.Th>
            <Table.Th>{t("automations.lastRun")}</Table.Th>
            <Table.Th>{t("automations.changed")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {automations.map((automation) => (
            <Row key={automation.id} projectId={projectId} automation={automation} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ projectId, automation }: { projectId: string; automation: Summary }) {
  const { t } = useTranslation();
  const path = { projectId };
  const automationId = automation.id;
  const key = ["projects", projectId, "automation", automationId];
  const registrations = useQuery({
    queryKey: [...key, "registrations"],
    staleTime: 0,
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/registrations", {
          params: { path, query: { automationId, limit: COUNTED } },
        }),
      ),
  });
  const runs = useQuery({
    queryKey: [...key, "last-run"],
    staleTime: 0,
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/runs", {
          params: { path, query: { automationId, limit: 1 } },
        }),
      ),
  });
  const count = registrations.data?.items.length;
  const last = runs.data?.items[0];
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={automationId} underline="always" fw={500}>
          {automation.name}
        </Anchor>
      </Table.Td>
      <Table.Td>
        {automation.publishedVersion === null ? (
          <StateBadge state="draft" label={t("automations.draft")} />
        ) : (
          <StateBadge
            state="active"
            label={t("automations.published", { version: automation.publishedVersion })}
          />
        )}
      </Table.Td>
      <Table.Td>
        {count === undefined ? "…" : registrations.data?.nextCursor ? `${count}+` : count}
      </Table.Td>
      <Table.Td>
        {last ? (
          <>
            <StateBadge state={last.status} label={t(`automations.run_${last.status}`)} />
            <Text size="xs" c="dimmed">
              <Moment at={last.startedAt} />
            </Text>
          </>
        ) : (
          <Text c="dimmed">{runs.isPending ? "…" : t("automations.never")}</Text>
        )}
      </Table.Td>
      <Table.Td>
        <Moment at={automation.updatedAt} />
      </Table.Td>
    </Table.Tr>
  );
}
