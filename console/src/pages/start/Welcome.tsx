import { Anchor, Button, Group, List, Paper, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Account } from "../../app/account";
import { useDeveloperMode } from "../../app/useDeveloperMode";
import { ErrorAlert } from "../../components/ErrorAlert";

/** What Inlay is, and the first step: developer mode. */
export default function Welcome({ account }: { account: Account }) {
  const { t } = useTranslation();
  const turnOn = useDeveloperMode();
  return (
    <Paper withBorder p={{ base: "lg", sm: "xl" }} maw={680} mx="auto" mt={{ base: 0, sm: "xl" }}>
      <Stack>
        <Title order={1}>
          {account.name ? t("start.welcomeName", { name: account.name }) : t("start.welcome")}
        </Title>
        <Text>{t("start.what")}</Text>
        <Title order={2} size="h3">
          {t("start.ahead")}
        </Title>
        <List type="ordered" spacing={4}>
          {["project", "automation", "call"].map((key) => (
            <List.Item key={key}>{t(`start.ahead_${key}`)}</List.Item>
          ))}
        </List>
        <Text c="dimmed" size="sm">
          {t("start.developerMode")}
        </Text>
        <ErrorAlert error={turnOn.error} />
        <Group>
          <Button loading={turnOn.isPending} onClick={() => turnOn.mutate()}>
            {t("start.begin")}
          </Button>
          <Anchor component={Link} to="/profile" underline="always" size="sm">
            {t("start.toProfile")}
          </Anchor>
        </Group>
      </Stack>
    </Paper>
  );
}
