import { Paper, SimpleGrid, Skeleton, Stack, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useAccount } from "../../app/account";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Credits } from "./Credits";
import { DeveloperMode } from "./DeveloperMode";
import { Name } from "./Name";
import { Password } from "./Password";

/** The account: developer mode, plan and credits, name, password. */
export default function Profile() {
  const { t } = useTranslation();
  const account = useAccount();
  return (
    <Stack maw={960} mx="auto">
      <Title order={1}>{t("account.profile")}</Title>
      <ErrorAlert error={account.error} />
      <Paper withBorder p="lg">
        {account.data ? <DeveloperMode account={account.data} /> : <Skeleton height={48} />}
      </Paper>
      <Credits />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Paper withBorder p="lg">
          <Title order={2} mb="md">
            {t("account.you")}
          </Title>
          {account.data ? <Name account={account.data} /> : <Skeleton height={190} />}
        </Paper>
        <Paper withBorder p="lg">
          {account.data ? <Password account={account.data} /> : <Skeleton height={270} />}
        </Paper>
      </SimpleGrid>
    </Stack>
  );
}
