import { Box, Group, NativeSelect, Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { chooseLanguage, type Language, LANGUAGES } from "../../app/i18n";
import { Wordmark } from "../../app/Wordmark";

interface Props {
  title: string;
  text: string;
  children: ReactNode;
  /** The way to the other of the two pages. */
  otherwise: ReactNode;
}

/** What the pages before sign-in share: one card. */
export function Entry({ title, text, children, otherwise }: Props) {
  const { t, i18n } = useTranslation();
  return (
    <Stack component="main" mih="100dvh" align="center" justify="center" p="md" gap="lg">
      <Wordmark />
      <Paper withBorder shadow="sm" p={{ base: "lg", xs: "xl" }} w="100%" maw={420}>
        <Title order={1}>{title}</Title>
        <Text c="dimmed" mt={4} mb="lg">
          {text}
        </Text>
        {children}
        <Box mt="lg">{otherwise}</Box>
      </Paper>
      <Group>
        <NativeSelect
          aria-label={t("account.language")}
          size="xs"
          w={130}
          value={i18n.resolvedLanguage}
          onChange={(event) => void chooseLanguage(event.currentTarget.value as Language)}
          data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
        />
      </Group>
    </Stack>
  );
}
