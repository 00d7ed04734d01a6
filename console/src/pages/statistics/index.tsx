import { Grid, Stack, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Figures } from "./Figures";
import { History } from "./History";
import { LastExecutions } from "./LastExecutions";
import { statisticsOf } from "./statisticsOf";
import { Users } from "./Users";

/** A project in numbers, its last executions and its connected users. */
export default function Statistics() {
  const { t } = useTranslation();
  const { id: projectId = "" } = useParams();
  const statistics = useQuery(statisticsOf(projectId, 30));
  return (
    <Stack gap="xl">
      <Title order={1}>{t("statistics.title")}</Title>
      <ErrorAlert error={statistics.error} />
      <Grid gutter="lg">
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Figures projectId={projectId} found={statistics.data} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 8 }}>
          <LastExecutions projectId={projectId} executions={statistics.data?.lastExecutions} />
        </Grid.Col>
      </Grid>
      <History projectId={projectId} />
      <Users projectId={projectId} />
    </Stack>
  );
}
