/** What an expression can read at one place of a definition, as entries of the data picker. */

import {
  type Definition,
  type Json,
  type JsonObject,
  type Path,
  type Step,
  blocksOf,
  getIn,
  startsWith,
} from "./model";

export type Schema = { [key: string]: Json };

export interface Source {
  /** `data`, `event`, `run`, `vars`, `loop`, or the id of a step. */
  group: string;
  /** CEL, without braces: `steps.greet.output.text`. */
  expression: string;
  title: string;
  type: string;
}

/** The schemas that a definition only names. */
export interface OutputSchemas {
  component: (key: string) => Schema | undefined;
  trigger: (key: string) => Schema | undefined;
}

const DEPTH = 4;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const RESULTS: Record<string, Schema> = {
  approval: objectOf({ approved: "boolean", expired: "boolean", by: "string", comment: "string" }),
  callback: objectOf({ body: "any", query: "object", expired: "boolean" }),
  "for-each": { type: "array" },
};

function objectOf(fields: Record<string, string>): Schema {
  const properties: JsonObject = {};
  for (const [name, type] of Object.entries(fields))
    properties[name] = type === "any" ? {} : { type };
  return { type: "object", properties };
}

/** `a.b`, or `a["b c"]` where the name is no CEL identifier. */
export function member(expression: string, name: string): string {
  return IDENTIFIER.test(name) ? `${expression}.${name}` : `${expression}[${JSON.stringify(name)}]`;
}

/** The value itself and its fields, as deep as the schema tells and `DEPTH` allows. */
export function fieldsOf(
  group: string,
  expression: string,
  title: string,
  schema: Schema | undefined,
  depth = 0,
): Source[] {
  const type = typeof schema?.type === "string" ? schema.type : "any";
  const own: Source = { group, expression, title, type };
  const properties = schema?.properties;
  if (depth >= DEPTH || typeof properties !== "object" || properties === null) return [own];
  const inner = Object.entries(properties as JsonObject).flatMap(([name, field]) => {
    const described = field as Schema | null;
    const label = typeof described?.title === "string" ? described.title : name;
    return fieldsOf(group, member(expression, name), label, described ?? {}, depth + 1);
  });
  return [own, ...inner];
}

const RUN: Source[] = ["userId", "id", "startedAt"].map((name) => ({
  group: "run",
  expression: `run.${name}`,
  title: name,
  type: "string",
}));

/** All that can be read at `path`: a step, a field of one, the trigger, or the result. */
export function sourcesAt(definition: Definition, path: Path, schemas: OutputSchemas): Source[] {
  const trigger = definition.trigger;
  const input = trigger?.type === "manual" ? (trigger.input as Schema | undefined) : undefined;
  const data = fieldsOf("data", "data", "data", input);
  // A trigger's inputs are resolved at the registration, when nothing has run.
  if (path[0] === "trigger") return [...data, ...RUN];
  const event =
    trigger?.type === "app"
      ? fieldsOf("event", "event", "event", schemas.trigger(String(trigger.component)))
      : [];
  const steps = before(definition.steps, ["steps"], path, schemas);
  // Several steps may set one variable, and loops inside loops may use one name.
  const seen = new Map([...data, ...event, ...steps, ...RUN].map((one) => [one.expression, one]));
  return [...seen.values()];
}

function before(steps: Step[], block: Path, path: Path, schemas: OutputSchemas): Source[] {
  const inside = startsWith(path, block);
  const here = path[block.length];
  const end = inside && typeof here === "number" ? here : steps.length;
  const found: Source[] = [];
  for (const [index, step] of steps.entries()) {
    if (index > end) break;
    const own = [...block, index];
    const current = inside && index === end;
    for (const inner of blocksOf(step, own)) {
      const within = current && startsWith(path, inner.path);
      // An iteration's output sees all that the iteration did.
      const after = current && step.type === "for-each" && path[own.length] === "output";
      if (step.type === "for-each" && (within || after)) found.push(...loopNames(step));
      // What a branch did may be read after it; what an iteration did may not.
      const passed = !current && step.type !== "for-each";
      if (within || passed || after) found.push(...before(inner.steps, inner.path, path, schemas));
    }
    if (!current) found.push(...resultsOf(step, schemas));
  }
  return found;
}

function loopNames(step: Step): Source[] {
  const name = (key: string, otherwise: string): string =>
    typeof step[key] === "string" ? (step[key] as string) : otherwise;
  return [
    { expression: name("itemName", "item"), type: "any" },
    { expression: name("indexName", "index"), type: "integer" },
  ].map((source) => ({ ...source, group: "loop", title: source.expression }));
}

function resultsOf(step: Step, schemas: OutputSchemas): Source[] {
  if (step.type === "set") {
    const values = getIn(step, ["values"]);
    const names = typeof values === "object" && values !== null ? Object.keys(values) : [];
    return names.map((name) => ({
      group: "vars",
      expression: member("vars", name),
      title: name,
      type: "any",
    }));
  }
  if (["condition", "switch", "delay", "wait-until", "stop"].includes(step.type)) return [];
  const schema =
    step.type === "app" ? schemas.component(String(step.component)) : RESULTS[step.type];
  const path = `steps.${step.id}`;
  return fieldsOf(step.id, `${path}.output`, step.id, schema);
}

/** Puts an expression into a text in place of what is selected; gives the text and the caret. */
export function inserted(
  text: string,
  expression: string,
  start: number,
  end: number,
  bare: boolean,
): { text: string; caret: number } {
  const piece = bare ? expression : `{{ ${expression} }}`;
  return {
    text: text.slice(0, start) + piece + text.slice(end),
    caret: start + piece.length,
  };
}

/** Whether a value is computed when it runs. */
export function isExpression(value: unknown): value is string {
  return typeof value === "string" && /(^|[^\\])\{\{/.test(value);
}
