import { Avatar, Menu, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import {
  IconBook,
  IconCheck,
  IconDeviceDesktop,
  IconFlag,
  IconLanguage,
  IconLogout,
  IconMoon,
  IconSun,
  IconUser,
} from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api, unwrap } from "../api/client";
import { useGuideState } from "../pages/start/guideState";
import type { Account } from "./account";
import { chooseLanguage, type Language, LANGUAGES } from "./i18n";

const SCHEMES = [
  { scheme: "light", Icon: IconSun },
  { scheme: "dark", Icon: IconMoon },
  { scheme: "auto", Icon: IconDeviceDesktop },
] as const;

/** Who is signed in, how the console looks and speaks, and the way out. */
export function ProfileMenu({
  account,
  projectId,
}: {
  account: Account | undefined;
  projectId: string | undefined;
}) {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const signOut = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/sessions/current")),
    onSuccess: async () => {
      await navigate("/sign-in");
      queries.clear();
    },
  });
  return (
    <Menu
      position="bottom-end"
      width={240}
      withinPortal={false}
      withInitialFocusPlaceholder={false}
    >
      <Menu.Target>
        <UnstyledButton aria-label={t("shell.profileMenu")}>
          <Avatar color="inlay" radius="xl" size={34} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{account?.email}</Menu.Label>
        <Menu.Item component={Link} to="/profile" leftSection={<IconUser size={16} aria-hidden />}>
          {t("shell.profile")}
        </Menu.Item>
        {projectId && <GuideItem key={projectId} projectId={projectId} />}
        <Menu.Item component="a" href="/docs" leftSection={<IconBook size={16} aria-hidden />}>
          {t("shell.reference")}
        </Menu.Item>
        <Menu.Divider />
        {SCHEMES.map(({ scheme, Icon }) => (
          <Menu.Item
            key={scheme}
            aria-current={colorScheme === scheme || undefined}
            onClick={() => setColorScheme(scheme)}
            leftSection={<Icon size={16} aria-hidden />}
            rightSection={colorScheme === scheme && <IconCheck size={16} aria-hidden />}
          >
            {t(`shell.scheme_${scheme}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        {(Object.keys(LANGUAGES) as Language[]).map((language) => (
          <Menu.Item
            key={language}
            lang={language}
            aria-current={i18n.resolvedLanguage === language || undefined}
            onClick={() => void chooseLanguage(language)}
            leftSection={<IconLanguage size={16} aria-hidden />}
            rightSection={i18n.resolvedLanguage === language && <IconCheck size={16} aria-hidden />}
          >
            {LANGUAGES[language]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item
          onClick={() => signOut.mutate()}
          leftSection={<IconLogout size={16} aria-hidden />}
        >
          {t("shell.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Calls the getting-started guide of the project back. */
function GuideItem({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [, setGuide] = useGuideState(projectId);
  return (
    <Menu.Item
      leftSection={<IconFlag size={16} aria-hidden />}
      onClick={() => {
        setGuide("open");
        void navigate(`/projects/${projectId}/automations`);
      }}
    >
      {t("shell.guide")}
    </Menu.Item>
  );
}
