import type { ComponentType } from "react";
import { createBrowserRouter, Navigate } from "react-router";
import { Failed } from "./Failed";
import { Home } from "./Home";
import { Shell } from "./Shell";
import { Starting } from "./Starting";

/** A page in a script of its own, loaded when it is first opened. */
function page(load: () => Promise<{ default: ComponentType }>) {
  return async () => ({ Component: (await load()).default });
}

const project = [
  { index: true, element: <Navigate to="automations" replace /> },
  { path: "automations", lazy: page(() => import("../pages/automations")) },
  { path: "automations/:aid", lazy: page(() => import("../pages/automations/Editor")) },
  { path: "settings", lazy: page(() => import("../pages/settings")) },
  { path: "statistics", lazy: page(() => import("../pages/statistics")) },
  { path: "runs", lazy: page(() => import("../pages/runs")) },
  { path: "runs/:rid", lazy: page(() => import("../pages/runs/Run")) },
  { path: "registrations", lazy: page(() => import("../pages/registrations")) },
];

export const router = createBrowserRouter([
  {
    ErrorBoundary: Failed,
    HydrateFallback: Starting,
    children: [
      { path: "/sign-in", lazy: page(() => import("../pages/account/SignIn")) },
      { path: "/sign-up", lazy: page(() => import("../pages/account/SignUp")) },
      {
        Component: Shell,
        children: [
          {
            ErrorBoundary: Failed,
            children: [
              { path: "/", Component: Home },
              { path: "/profile", lazy: page(() => import("../pages/profile")) },
              { path: "/projects", lazy: page(() => import("../pages/projects")) },
              { path: "/projects/:id", children: project },
              { path: "*", Component: Failed },
            ],
          },
        ],
      },
    ],
  },
]);
