import { expect, test } from "vitest";
import { componentsOf, scopesOf } from "./componentsOf";

const definition = {
  trigger: { type: "app", component: "mail.received" },
  steps: [
    { id: "a", type: "app", component: "mail.send", inputs: { component: "no.key" } },
    {
      id: "each",
      type: "for-each",
      steps: [{ id: "b", type: "app", component: "tasks.create" }],
    },
    { id: "wait", type: "delay", component: "not.an-app" },
  ],
};

test("components are found at any depth, and only those of apps", () => {
  expect(componentsOf(definition)).toEqual(new Set(["mail.received", "mail.send", "tasks.create"]));
});

test("what is no definition uses nothing", () => {
  expect(componentsOf(null)).toEqual(new Set());
  expect(componentsOf([1, "app"])).toEqual(new Set());
});

test("scopes are those of the used components, each once", () => {
  const app = {
    components: [
      { key: "mail.send", scopes: ["send", "profile"] },
      { key: "mail.delete", scopes: ["delete"] },
    ],
    triggers: [{ key: "mail.received", scopes: ["read", "profile"] }],
  };
  expect(scopesOf(app, componentsOf(definition))).toEqual(["send", "profile", "read"]);
});
