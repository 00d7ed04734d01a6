import { AppShell, Burger, Button, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { Link, Navigate, Outlet, useLocation, useMatch, useNavigation } from "react-router";
import { ApiError } from "../api/client";
import { ErrorAlert } from "../components/ErrorAlert";
import { useAccount } from "./account";
import { HomeLinks, ProjectLinks } from "./Navigation";
import { ProfileMenu } from "./ProfileMenu";
import { Starting } from "./Starting";
import { Wordmark } from "./Wordmark";

/** Header, navigation and the page, for whoever is signed in. */
export function Shell() {
  const { t } = useTranslation();
  const account = useAccount();
  const place = useLocation();
  const projectId = useMatch("/projects/:id/*")?.params.id;
  const isLoading = useNavigation().state === "loading";
  const [isOpen, menu] = useDisclosure();

  if (account.error instanceof ApiError && account.error.isSignedOut) {
    const next = place.pathname === "/" ? "" : `?next=${encodeURIComponent(place.pathname)}`;
    return <Navigate to={`/sign-in${next}`} replace />;
  }
  if (account.isPending) return <Starting />;
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{
        width: 232,
        breakpoint: "sm",
        collapsed: { mobile: !isOpen, desktop: !projectId },
      }}
      padding={{ base: "md", sm: "xl" }}
    >
      <a className="skip" href="#main">
        {t("shell.skip")}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger
            opened={isOpen}
            onClick={menu.toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label={t("shell.menu")}
            aria-expanded={isOpen}
          />
          <Button component={Link} to="/" variant="transparent" px={0} aria-label={t("shell.home")}>
            <Wordmark />
          </Button>
          <Group component="nav" aria-label={t("shell.homeMenu")} visibleFrom="sm" ml="md" gap={4}>
            <HomeLinks account={account.data} />
          </Group>
          <Group ml="auto">
            <ProfileMenu account={account.data} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label={t("shell.menu")} onClick={menu.close}>
        <Group component="div" hiddenFrom="sm" mb="sm" gap={4}>
          <HomeLinks account={account.data} />
        </Group>
        {projectId && <ProjectLinks projectId={projectId} />}
      </AppShell.Navbar>
      <AppShell.Main id="main" aria-busy={isLoading} tabIndex={-1}>
        <ErrorAlert error={account.error} />
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}
