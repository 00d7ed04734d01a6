// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "../../../../shown";
import { type Lacking, LackingContext } from "../draft/lacking";
import { PublishDialog } from "./PublishDialog";

const PATH = { projectId: "p1", automationId: "a1" };
const DESK: Lacking = { appKey: "desk", appName: "Desk", lack: "integration" };

function dialog(definition: object, lacking: Lacking[] = []) {
  const nothing = () => {};
  return (
    <LackingContext value={lacking}>
      <PublishDialog
        path={PATH}
        automation={{ id: "a1", name: "A", publishedVersion: null } as never}
        draft={{ definition, shown: definition, state: "saved", revision: 1 } as never}
        faults={[]}
        warnings={[]}
        isOpen
        onClose={nothing}
        onSelect={nothing}
      />
    </LackingContext>
  );
}

test.each([
  [{ type: "manual" }, /your application can run it/, /for each event/],
  [{ type: "app", component: "webhook.received" }, /for each event of the users/, /can run it/],
  [null, /Nothing starts it yet/, /can run it|for each event/],
])("publishing says what starts the first version: %o", async (trigger, said, never) => {
  await show(dialog({ trigger, steps: [] }));
  expect(await screen.findByText(said)).toBeTruthy();
  expect(screen.queryByText(never)).toBeNull();
});

test("publishing says which app is not added, with the way to add it", async () => {
  await show(dialog({ trigger: { type: "manual" }, steps: [] }, [DESK]));
  expect(await screen.findByText("Desk is not added to the project.")).toBeTruthy();
  const way = screen.getByRole("link", { name: "Add it in the project's settings" });
  expect(way.getAttribute("href")).toBe("/projects/p1/settings?area=integrations");
});
