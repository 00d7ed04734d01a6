import { ActionIcon, Anchor, Card, Group, Stack, Text } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Project } from "../../app/account";
import { Logo } from "../../components/Logo";
import classes from "./ProjectCard.module.css";

/** One project: logo, name, creation date; the whole card leads to it. */
export function ProjectCard({ project, onEdit }: { project: Project; onEdit: () => void }) {
  const { t, i18n } = useTranslation();
  const date = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium" });
  return (
    <Card withBorder padding="lg" className={classes.card} component="article">
      <Group wrap="nowrap" align="flex-start">
        <Logo name={project.name} url={project.logoUrl} size={44} />
        <Stack gap={2} miw={0} flex={1}>
          <Anchor
            component={Link}
            to={`/projects/${project.id}/automations`}
            className={classes.link}
            c="var(--mantine-color-text)"
            fw={600}
            underline="never"
            lineClamp={2}
          >
            {project.name}
          </Anchor>
          <Text size="sm" c="dimmed">
            {t("projects.createdAt", { date: date.format(project.createdAt) })}
          </Text>
        </Stack>
        <ActionIcon
          className={classes.action}
          variant="subtle"
          color="gray"
          aria-label={t("projects.edit", { name: project.name })}
          onClick={onEdit}
        >
          <IconPencil size={18} aria-hidden />
        </ActionIcon>
      </Group>
    </Card>
  );
}
