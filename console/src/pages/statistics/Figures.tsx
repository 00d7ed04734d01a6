import { Anchor, Paper, Progress, SimpleGrid, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { Moment } from "../../components/Moment";

interface Props {
  projectId: string;
  found: components["schemas"]["Statistics"] | undefined;
}

/** Users, registrations and used daily credits. */
export function Figures({ projectId, found }: Props) {
  const { t } = useTranslation();
  return (
    <SimpleGrid cols={{ base: 1, xs: 3, md: 1 }}>
      <Figure label={t("statistics.users")} value={found?.users}>
        {found && t("statistics.connectionCount", { count: found.connections })}
      </Figure>
      <Figure label={t("statistics.registrations")} value={found?.registrations}>
        <Anchor
          component={Link}
          inherit
          underline="always"
          to={`/projects/${projectId}/registrations`}
        >
          {t("statistics.allRegistrations")}
        </Anchor>
      </Figure>
      <Figure label={t("statistics.credits")} value={found?.usedDailyCredits}>
        <Plan />
      </Figure>
    </SimpleGrid>
  );
}

/** What the account, with all its projects, has used of its plan today. */
function Plan() {
  const { t, i18n } = useTranslation();
  const credits = useQuery({
    queryKey: ["account", "credits"],
    refetchInterval: 60_000,
    queryFn: () => unwrap(api.GET("/api/v1/account/credits")),
  });
  if (!credits.data) return null;
  const { usedDailyCredits: used, dailyCredits: all, renewsAt } = credits.data;
  const numbers = new Intl.NumberFormat(i18n.language);
  return (
    <>
      {t("statistics.ofPlan", { used: numbers.format(used), all: numbers.format(all) })}
      <Progress
        value={(used / Math.max(1, all)) * 100}
        color={used >= all ? "red" : used > 0.8 * all ? "orange" : undefined}
        size="sm"
        my={6}
        aria-label={t("statistics.credits")}
      />
      {t("statistics.renews")} <Moment at={Date.parse(renewsAt)} />
    </>
  );
}

interface FigureProps {
  label: string;
  value: number | undefined;
  children: ReactNode;
}

function Figure({ label, value, children }: FigureProps) {
  const { i18n } = useTranslation();
  return (
    <Paper withBorder p="md" component="section" aria-label={label}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      {value === undefined ? (
        <Skeleton height={38} width={80} />
      ) : (
        <Text fw={700} fz={28} lh="38px">
          {new Intl.NumberFormat(i18n.language).format(value)}
        </Text>
      )}
      <Text component="div" size="xs" c="dimmed" mih={18}>
        {children}
      </Text>
    </Paper>
  );
}
