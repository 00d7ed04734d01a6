import type { ComponentType } from "react";
import { createBrowserRouter, Navigate } from "react-router";
import type { Handle } from "./arrival";
import { Failed, NotFound } from "./Failed";
import { Home } from "./Home";
import { ProjectPages } from "./ProjectPages";
import { Root } from "./Root";
import { Starting } from "./Starting";

/** A page in a script of its own, loaded when it is first opened. */
function page(path: string, title: string, load: () => Promise<{ default: ComponentType }>) {
  const handle: Handle = { title };
  return { path, handle, lazy: async () => ({ Component: (await load()).default }) };
}

const project = [
  { index: true, element: <Navigate to="automations" replace /> },
  page("automations", "shell.automations", () => import("../pages/automations")),
  page("automations/:aid", "shell.automations", () => import("../pages/automations/Editor")),
  page("settings", "shell.settings", () => import("../pages/settings")),
  page("statistics", "shell.statistics", () => import("../pages/statistics")),
  page("runs", "shell.runs", () => import("../pages/runs")),
  page("runs/:rid", "shell.runs", () => import("../pages/runs/Run")),
  page("registrations", "shell.registrations", () => import("../pages/registrations")),
];

const pages = [
  { path: "/", Component: Home },
  page("/profile", "shell.profile", () => import("../pages/profile")),
  page("/projects", "shell.projects", () => import("../pages/projects")),
  { path: "/projects/:id", Component: ProjectPages, children: project },
  { path: "*", Component: NotFound, handle: { title: "shell.notFound" } satisfies Handle },
];

export const router = createBrowserRouter([
  {
    Component: Root,
    errorElement: <Failed isWhole />,
    HydrateFallback: Starting,
    children: [
      page("/sign-in", "account.signIn", () => import("../pages/account/SignIn")),
      page("/sign-up", "account.signUp", () => import("../pages/account/SignUp")),
      {
        // Whoever is not signed in yet needs none of it.
        lazy: async () => ({ Component: (await import("./Shell")).Shell }),
        children: [{ ErrorBoundary: Failed, children: pages }],
      },
    ],
  },
]);
