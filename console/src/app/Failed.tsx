import { Button, Code, Group, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { isRouteErrorResponse, Link, useRouteError } from "react-router";

/** Instead of a page that broke: what to do about it. */
export function Failed({ isWhole = false }: { isWhole?: boolean }) {
  const { t } = useTranslation();
  const error = useRouteError();
  if (isRouteErrorResponse(error) && error.status === 404) return <NotFound isWhole={isWhole} />;
  return (
    <Stack component={isWhole ? "main" : "section"} maw={560} mx="auto" p="xl" mt="xl">
      <Title order={1}>{t("shell.broken")}</Title>
      <Text>{t("shell.brokenText")}</Text>
      {error instanceof Error && (
        <div>
          <Text size="sm" c="dimmed" mb={4}>
            {t("shell.brokenDetails")}
          </Text>
          <Code block style={{ whiteSpace: "pre-wrap" }}>
            {error.message}
          </Code>
        </div>
      )}
      <Group>
        <Button onClick={() => window.location.reload()}>{t("shell.reload")}</Button>
        <ToStart />
      </Group>
    </Stack>
  );
}

/** Where nothing is. */
export function NotFound({ isWhole = false }: { isWhole?: boolean }) {
  const { t } = useTranslation();
  return (
    <Stack component={isWhole ? "main" : "section"} maw={560} mx="auto" p="xl" mt="xl">
      <Title order={1}>{t("shell.notFound")}</Title>
      <Text>{t("shell.notFoundText")}</Text>
      <Group>
        <ToStart />
      </Group>
    </Stack>
  );
}

function ToStart() {
  const { t } = useTranslation();
  return (
    <Button component={Link} to="/" variant="default">
      {t("shell.toStart")}
    </Button>
  );
}
