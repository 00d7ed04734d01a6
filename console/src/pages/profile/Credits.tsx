import { Group, Paper, Progress, Skeleton, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import { ErrorAlert } from "../../components/ErrorAlert";

/** The plan, and what is used today of the credits that it grants. */
export function Credits() {
  const { t, i18n } = useTranslation();
  const credits = useQuery({
    queryKey: ["account", "credits"],
    queryFn: () => unwrap(api.GET("/api/v1/account/credits")),
    refetchInterval: 30_000,
  });
  const isUsedUp = credits.data && credits.data.usedDailyCredits >= credits.data.dailyCredits;
  const { plan, dailyCredits, usedDailyCredits, renewsAt } = credits.data ?? {};
  const count = new Intl.NumberFormat(i18n.language);
  const time = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "short" });
  return (
    <Paper withBorder p="lg">
      <Group justify="space-between" mb="sm">
        <Title order={2}>{t("account.credits")}</Title>
        {plan && (
          <Text c="dimmed">
            {t("account.plan", { plan: t(`account.plan_${plan}`, { defaultValue: plan }) })}
          </Text>
        )}
      </Group>
      <ErrorAlert error={credits.error} />
      {credits.isPending && <Skeleton height={70} />}
      {renewsAt !== undefined && (
        <>
          <Text mb={6}>
            {t("account.creditsUsed", {
              used: count.format(usedDailyCredits ?? 0),
              daily: count.format(dailyCredits ?? 0),
            })}
          </Text>
          <Progress
            size="lg"
            color={isUsedUp ? "red" : undefined}
            aria-label={t("account.credits")}
            value={dailyCredits ? (100 * (usedDailyCredits ?? 0)) / dailyCredits : 0}
          />
          {isUsedUp && (
            <Text mt={6} c="red">
              {t("account.creditsUsedUp")}
            </Text>
          )}
          <Text size="sm" c="dimmed" mt={6}>
            {t("account.creditsRenew", { time: time.format(new Date(renewsAt)) })}{" "}
            {t("account.creditsCost")}
          </Text>
        </>
      )}
    </Paper>
  );
}
