/** What a new automation can begin with: the files of the folder templates. */

import { usedApps } from "./editor/draft/catalogue";
import { type Definition, isShaped } from "./editor/draft/model";

/** In the order in which they are offered: what runs without any app or account comes first. */
export const TEMPLATES = [
  "empty",
  "greet",
  "approval",
  "loop",
  "route",
  "callback",
  "webhook",
  "schedule",
  "http",
  "order-sms",
  "meeting",
  "issue-slack",
] as const;
export type Template = (typeof TEMPLATES)[number];

const files = import.meta.glob<unknown>("./templates/*.json", { eager: true, import: "default" });

export const DEFINITIONS = Object.fromEntries(
  TEMPLATES.map((name) => [name, read(name)]),
) as Record<Template, Definition>;

function read(name: Template): Definition {
  const definition = files[`./templates/${name}.json`];
  if (!isShaped(definition)) throw new Error(`The template ${name} is no definition.`);
  return definition;
}

/** The apps that must be added to the project before it runs. */
export function appsOf(template: Template): string[] {
  return usedApps(DEFINITIONS[template]);
}

/** Whether somebody must connect an account before it runs. */
export function needsAccount(template: Template): boolean {
  return appsOf(template).some((key) => !WITHOUT_ACCOUNT.includes(key));
}

const WITHOUT_ACCOUNT = ["http", "schedule", "webhook"];

export function isTemplate(name: string | null): name is Template {
  return TEMPLATES.some((template) => template === name);
}
