import { Code, Loader, ScrollArea, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../../../api/client";

/** What expressions can call: each function with how it is written and an example. */
export function FunctionHelp() {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const { data, isPending } = useQuery({
    queryKey: ["functions"],
    staleTime: Infinity,
    queryFn: () => unwrap(api.GET("/api/v1/functions")),
  });
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = (data?.items ?? []).filter((one) => {
    const text = `${one.name} ${one.section} ${one.summary}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <Stack gap="xs">
      <TextInput
        type="search"
        size="sm"
        data-autofocus
        data-mantine-stop-propagation
        label={t("editor.searchFunctions")}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      {isPending && <Loader size="sm" />}
      {data && found.length === 0 && (
        <Text size="sm" c="dimmed" role="status">
          {t("editor.nothingFound")}
        </Text>
      )}
      <ScrollArea.Autosize mah={320} type="auto" viewportProps={{ tabIndex: 0 }}>
        <Stack gap="sm" component="ul" p={0} m={0} style={{ listStyle: "none" }}>
          {found.map((one) => (
            <li key={one.name}>
              {one.calls.map((call) => (
                <Text key={call} size="sm" fw={600} ff="monospace">
                  {call}
                </Text>
              ))}
              <Text size="sm">{one.summary}</Text>
              <Code style={{ overflowWrap: "anywhere" }}>{one.example}</Code>
            </li>
          ))}
        </Stack>
      </ScrollArea.Autosize>
    </Stack>
  );
}
