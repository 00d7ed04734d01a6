import { Button, Group, NavLink, Skeleton, Text } from "@mantine/core";
import {
  IconChartBar,
  IconPlayerPlay,
  IconRoute,
  IconSettings,
  IconUserCheck,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link, NavLink as RouterLink, useLocation } from "react-router";
import { Logo } from "../components/Logo";
import { GuideLink } from "../pages/start/GuideLink";
import { type Account, useProject } from "./account";

const AREAS = [
  { name: "automations", Icon: IconRoute },
  { name: "settings", Icon: IconSettings },
  { name: "statistics", Icon: IconChartBar },
  { name: "runs", Icon: IconPlayerPlay },
  { name: "registrations", Icon: IconUserCheck },
] as const;

/** The home menu: projects are there in developer mode only. */
export function HomeLinks({ account }: { account: Account | undefined }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const links = [
    ...(account?.developerMode ? [{ to: "/projects", text: t("shell.projects") }] : []),
    { to: "/profile", text: t("shell.profile") },
  ];
  return links.map(({ to, text }) => (
    <Button
      key={to}
      component={RouterLink}
      to={to}
      size="compact-md"
      color="gray"
      variant={pathname === to ? "light" : "subtle"}
    >
      {text}
    </Button>
  ));
}

/** The areas of one project. */
export function ProjectLinks({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const project = useProject(projectId);
  return (
    <>
      <Group gap="sm" wrap="nowrap" px="sm" py="xs" mb="xs" mih={52}>
        {project.data ? (
          <>
            <Logo name={project.data.name} url={project.data.logoUrl} size={32} />
            <Text fw={600} lineClamp={2}>
              {project.data.name}
            </Text>
          </>
        ) : (
          project.isPending && <Skeleton height={32} />
        )}
      </Group>
      {AREAS.map(({ name, Icon }) => {
        const to = `/projects/${projectId}/${name}`;
        const isHere = pathname === to || pathname.startsWith(`${to}/`);
        return (
          <NavLink
            key={name}
            component={Link}
            to={to}
            label={t(`shell.${name}`)}
            leftSection={<Icon size={18} stroke={1.7} aria-hidden />}
            active={isHere}
            aria-current={isHere ? "page" : undefined}
          />
        );
      })}
      <GuideLink key={projectId} projectId={projectId} />
    </>
  );
}
