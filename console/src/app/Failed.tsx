import { Anchor, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useRouteError } from "react-router";

/** Instead of a page that is none, or that broke. */
export function Failed() {
  const { t } = useTranslation();
  const error = useRouteError();
  return (
    <Stack maw={560} mx="auto" p="xl" mt="xl" component="main">
      <Title order={1}>{error ? t("shell.broken") : t("shell.notFound")}</Title>
      <Text>{error ? t("shell.brokenText") : t("shell.notFoundText")}</Text>
      <Group>
        {error !== undefined && (
          <Button onClick={() => window.location.reload()}>{t("shell.reload")}</Button>
        )}
        <Anchor component={Link} to="/">
          {t("shell.toStart")}
        </Anchor>
      </Group>
    </Stack>
  );
}
