import { lazy, Suspense, useState } from "react";
import { Navigate } from "react-router";
import { useAccount } from "./account";
import { Starting } from "./Starting";

const Welcome = lazy(() => import("../pages/start/Welcome"));

/** Developers begin with their projects; everybody else is told what Inlay is. */
export function Home() {
  const account = useAccount();
  const isDeveloper = account.data?.developerMode ?? false;
  // Whoever turns developer mode on here goes on to the first project.
  const [wasDeveloper] = useState(isDeveloper);
  if (!account.data) return null;
  if (isDeveloper) return <Navigate to={wasDeveloper ? "/projects" : "/projects?new"} replace />;
  return (
    <Suspense fallback={<Starting />}>
      <Welcome account={account.data} />
    </Suspense>
  );
}
