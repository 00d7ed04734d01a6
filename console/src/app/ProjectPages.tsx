import { Outlet, useParams } from "react-router";
import { ApiError } from "../api/client";
import { useAccount, useProject } from "./account";
import { DeveloperModeOff } from "./DeveloperModeOff";
import { NotFound } from "./Failed";

/** The pages of one project, as long as it is there for whoever is signed in. */
export function ProjectPages() {
  const { id = "" } = useParams();
  const account = useAccount();
  const project = useProject(id);
  if (account.data?.developerMode === false) return <DeveloperModeOff />;
  if (project.error instanceof ApiError && project.error.status === 404) return <NotFound />;
  return <Outlet />;
}
