import { Navigate } from "react-router";
import { useAccount } from "./account";

/** Developers begin with their projects, everybody else with the profile. */
export function Home() {
  const account = useAccount();
  return <Navigate to={account.data?.developerMode ? "/projects" : "/profile"} replace />;
}
