import { Outlet, ScrollRestoration } from "react-router";
import { useFocusOnArrival, useTitle } from "./arrival";

/** What holds for each page, signed in or not: its title, where the focus and the scroll begin. */
export function Root() {
  useTitle();
  useFocusOnArrival();
  return (
    <>
      <Outlet />
      <ScrollRestoration />
    </>
  );
}
