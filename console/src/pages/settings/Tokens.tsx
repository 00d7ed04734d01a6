import {
  Alert,
  Button,
  Group,
  Modal,
  Paper,
  Skeleton,
  Stack,
  Table,
  Text,
  TextInput,
} from "@mantine/core";
import { modals } from "@mantine/modals";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { Copyable } from "../../components/Copyable";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Moment } from "../../components/Moment";
import { newToken } from "../../components/newToken";
import { More } from "../../components/More";
import { StateBadge } from "../../components/StateBadge";

type Token = components["schemas"]["TokenView"];

/** The secrets with which the developer's server calls the API. */
export function Tokens({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const [isCreating, setCreating] = useState(false);
  const tokens = useInfiniteQuery({
    queryKey: ["projects", projectId, "tokens"],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/tokens", {
          params: { path: { projectId }, query: { cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.nextCursor,
  });
  const rows = tokens.data?.pages.flatMap((page) => page.items);
  return (
    <Stack>
      <Group justify="space-between" align="flex-start">
        <Text c="dimmed" maw={560}>
          {t("settings.tokensIntro")}
        </Text>
        <Button onClick={() => setCreating(true)}>{t("settings.tokenCreate")}</Button>
      </Group>
      <ErrorAlert error={tokens.error} />
      {tokens.isPending && <Skeleton height={160} />}
      {rows?.length === 0 && (
        <EmptyState title={t("settings.tokensEmpty")} text={t("settings.tokensEmptyText")} />
      )}
      {rows && rows.length > 0 && (
        <Paper withBorder>
          <Table verticalSpacing="sm" horizontalSpacing="md">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("settings.name")}</Table.Th>
                <Table.Th visibleFrom="sm">{t("settings.token")}</Table.Th>
                <Table.Th visibleFrom="md">{t("settings.created")}</Table.Th>
                <Table.Th visibleFrom="sm">{t("settings.lastUsed")}</Table.Th>
                <Table.Th aria-label={t("settings.actions")} />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((token) => (
                <TokenRow key={token.id} projectId={projectId} token={token} />
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
      <More query={tokens} />
      <NewToken projectId={projectId} opened={isCreating} onClose={() => setCreating(false)} />
    </Stack>
  );
}

function TokenRow({ projectId, token }: { projectId: string; token: Token }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () =>
      unwrap(
        api.DELETE("/api/v1/projects/{projectId}/tokens/{tokenId}", {
          params: { path: { projectId, tokenId: token.id } },
        }),
      ),
    onSettled: () => queries.invalidateQueries({ queryKey: ["projects", projectId, "tokens"] }),
  });
  const isRevoked = token.revokedAt !== null || revoke.isPending;
  const ask = () =>
    modals.openConfirmModal({
      title: t("settings.tokenRevokeTitle", { name: token.name }),
      children: <Text size="sm">{t("settings.tokenRevokeText")}</Text>,
      labels: { confirm: t("settings.tokenRevoke"), cancel: t("common.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => revoke.mutate(),
    });
  return (
    <Table.Tr>
      <Table.Td>
        {token.name}
        <Text size="xs" c="dimmed" hiddenFrom="sm">
          {token.hint}… · {t("settings.lastUsed")}:{" "}
          {token.lastUsedAt ? <Moment at={token.lastUsedAt} /> : t("settings.never")}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm" ff="monospace">
        {token.hint}…
      </Table.Td>
      <Table.Td visibleFrom="md">
        <Moment at={token.createdAt} />
      </Table.Td>
      <Table.Td visibleFrom="sm">
        {token.lastUsedAt ? <Moment at={token.lastUsedAt} /> : t("settings.never")}
      </Table.Td>
      <Table.Td ta="right">
        {isRevoked ? (
          <StateBadge state="canceled" label={t("settings.tokenRevoked")} />
        ) : (
          <Button
            variant="subtle"
            color="red"
            size="compact-sm"
            onClick={ask}
            aria-label={t("settings.tokenRevokeTitle", { name: token.name })}
          >
            {t("settings.tokenRevoke")}
          </Button>
        )}
        <ErrorAlert error={revoke.error} />
      </Table.Td>
    </Table.Tr>
  );
}

interface NewTokenProps {
  projectId: string;
  opened: boolean;
  onClose: () => void;
}

function NewToken({ projectId, opened, onClose }: NewTokenProps) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const queries = useQueryClient();
  const create = useMutation({
    ...newToken(projectId),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["projects", projectId, "tokens"] }),
  });
  const close = () => {
    onClose();
    setName("");
    create.reset();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={t("settings.tokenCreate")}
      closeOnClickOutside={!create.data}
      closeOnEscape={!create.data}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {create.data ? (
        <Stack>
          <Alert color="yellow">{t("settings.tokenOnce")}</Alert>
          <Copyable
            label={t("settings.token")}
            description={t("settings.tokenUse")}
            value={create.data.token}
          />
          <Button onClick={close}>{t("settings.done")}</Button>
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate(name.trim());
          }}
        >
          <Stack>
            <TextInput
              data-autofocus
              required
              maxLength={200}
              label={t("settings.name")}
              description={t("settings.tokenNameHint")}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <ErrorAlert error={create.error} />
            <Button type="submit" loading={create.isPending} disabled={!name.trim()}>
              {t("settings.tokenCreate")}
            </Button>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
