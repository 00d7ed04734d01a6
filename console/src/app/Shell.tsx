import { AppShell, Burger, Button, Group, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, Outlet, useLocation, useMatch, useNavigation } from "react-router";
import { ApiError } from "../api/client";
import { ErrorAlert } from "../components/ErrorAlert";
import { useAccount, useProject } from "./account";
import { HomeLinks, ProjectLinks } from "./Navigation";
import { ProfileMenu } from "./ProfileMenu";
import { Starting } from "./Starting";
import { UnreachableNotice } from "./UnreachableNotice";
import { Wordmark } from "./Wordmark";

const SignInAgain = lazy(() => import("./SignInAgain"));

/** Header, navigation and the page, for whoever is signed in. */
export function Shell() {
  const { t } = useTranslation();
  const account = useAccount();
  const { pathname, search } = useLocation();
  const projectId = useMatch("/projects/:id/*")?.params.id;
  const isLoading = useNavigation().state === "loading";
  const [isOpen, menu] = useDisclosure();

  const isSignedOut = account.error instanceof ApiError && account.error.isSignedOut;
  const place = pathname + search;
  const signInPath = "/sign-in" + (place === "/" ? "" : `?next=${encodeURIComponent(place)}`);
  if (isSignedOut && !account.data) return <Navigate to={signInPath} replace />;
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
          <Button
            component={Link}
            to="/"
            variant="transparent"
            px={0}
            aria-label={t("shell.home")}
            flex="none"
          >
            <Wordmark />
          </Button>
          {projectId && <ProjectName projectId={projectId} />}
          <Group component="nav" aria-label={t("shell.homeMenu")} visibleFrom="sm" ml="md" gap={4}>
            <HomeLinks account={account.data} />
          </Group>
          <Group ml="auto" flex="none">
            <ProfileMenu account={account.data} projectId={projectId} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar
        p="sm"
        aria-label={projectId ? t("shell.projectMenu") : t("shell.menu")}
        onClick={menu.close}
        onKeyDown={(event) => event.key === "Escape" && menu.close()}
      >
        <Group component="div" hiddenFrom="sm" mb="sm" gap={4}>
          <HomeLinks account={account.data} />
        </Group>
        {projectId && <ProjectLinks projectId={projectId} />}
      </AppShell.Navbar>
      <AppShell.Main id="main" aria-busy={isLoading} tabIndex={-1} style={{ outline: "none" }}>
        <UnreachableNotice />
        {account.data ? <Outlet /> : <ErrorAlert error={account.error} />}
        {isSignedOut && account.data && (
          <Suspense>
            <SignInAgain account={account.data} signInPath={signInPath} />
          </Suspense>
        )}
      </AppShell.Main>
    </AppShell>
  );
}

/** On a phone, where the navigation is folded away: which project it is. */
function ProjectName({ projectId }: { projectId: string }) {
  const project = useProject(projectId);
  return (
    <Text hiddenFrom="sm" truncate c="dimmed" size="sm" miw={0}>
      {project.data?.name}
    </Text>
  );
}
