import {
  Button,
  Center,
  Group,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { api, unwrap } from "../../api/client";
import { type Project, useAccount } from "../../app/account";
import { DeveloperModeOff } from "../../app/DeveloperModeOff";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { ProjectCard } from "./ProjectCard";
import { ProjectDialog } from "./ProjectDialog";

const AT_FIRST = 24;

/** The developer's projects as cards, the newest first. */
export default function Projects() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const account = useAccount();
  const isDeveloper = account.data?.developerMode ?? false;
  const [search, setSearch] = useState("");
  const [params, setParams] = useSearchParams();
  const [edited, setEdited] = useState<Project | null>(null);
  const [count, setCount] = useState(AT_FIRST);
  // In the address, so that other pages can lead to it.
  const isNew = params.has("new");
  const projects = useQuery({ queryKey: ["projects"], queryFn: allProjects, enabled: isDeveloper });
  const wanted = search.trim().toLocaleLowerCase();
  const shown = projects.data?.filter(({ name }) => name.toLocaleLowerCase().includes(wanted));

  if (account.data && !isDeveloper) return <DeveloperModeOff />;
  const create = (
    <Button
      leftSection={<IconPlus size={18} aria-hidden />}
      onClick={() => setParams({ new: "" }, { replace: true })}
    >
      {t("projects.create")}
    </Button>
  );
  return (
    <Stack maw={1200} mx="auto">
      <Group justify="space-between">
        <Title order={1}>{t("projects.title")}</Title>
        {projects.data && projects.data.length > 0 && create}
      </Group>
      <ErrorAlert error={projects.error} />
      {projects.data && projects.data.length > 0 && (
        <TextInput
          type="search"
          aria-label={t("projects.search")}
          placeholder={t("projects.search")}
          leftSection={<IconSearch size={16} aria-hidden />}
          maw={360}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      {projects.data?.length === 0 && (
        <EmptyState title={t("projects.empty")} text={t("projects.emptyText")} action={create} />
      )}
      {projects.data && projects.data.length > 0 && shown?.length === 0 && (
        <Text role="status">{t("projects.none", { search: search.trim() })}</Text>
      )}
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
        {projects.isPending && [1, 2, 3].map((key) => <Skeleton key={key} height={108} />)}
        {shown?.slice(0, count).map((project) => (
          <ProjectCard key={project.id} project={project} onEdit={() => setEdited(project)} />
        ))}
      </SimpleGrid>
      {shown && shown.length > count && (
        <Center>
          <Button variant="default" onClick={() => setCount(count + AT_FIRST)}>
            {t("projects.more")}
          </Button>
        </Center>
      )}
      <ProjectDialog
        project={isNew ? "new" : edited}
        onClose={() => {
          setEdited(null);
          if (isNew) setParams({}, { replace: true });
        }}
        onCreated={({ id }) => void navigate(`/projects/${id}/automations`)}
      />
    </Stack>
  );
}

/** All of them: the search looks at names, which the API does not. */
async function allProjects(): Promise<Project[]> {
  const found: Project[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor: string | null } = { limit: 200, cursor };
    const page = await unwrap(api.GET("/api/v1/projects", { params: { query } }));
    found.push(...page.items);
    cursor = page.nextCursor ?? null;
  } while (cursor !== null);
  return found;
}
