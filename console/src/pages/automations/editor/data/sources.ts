/** What an expression can read at one place of a definition: the roots of the data picker. */

import {
  type Definition,
  type Json,
  type JsonObject,
  type Path,
  type Step,
  blocksOf,
  getIn,
  startsWith,
  walk,
} from "../draft/model";
import { type Samples, NO_SAMPLES } from "./samples";

export type Schema = { [key: string]: Json };

export interface Source {
  group: "data" | "event" | "run" | "vars" | "loop" | "callbacks" | "step";
  /** CEL, without braces: `steps.greet.output.text`. */
  expression: string;
  title: string;
  schema: Schema;
  /** What it was in the newest run; absent: nothing is known. */
  sample?: Json;
}

/** The schemas that a definition only names. */
export interface OutputSchemas {
  component: (key: string) => Schema | undefined;
  trigger: (key: string) => Schema | undefined;
}

const RESULTS: Record<string, Schema> = {
  approval: fieldsOf({ approved: "boolean", expired: "boolean", by: "string", comment: "string" }),
  callback: fieldsOf({ body: "any", query: "object", expired: "boolean" }),
  "for-each": { type: "array" },
};
const ERROR = fieldsOf({ message: "string", kind: "string" });

function fieldsOf(fields: Record<string, string>): Schema {
  const properties: JsonObject = {};
  for (const [name, type] of Object.entries(fields))
    properties[name] = type === "any" ? {} : { type };
  return { type: "object", properties };
}

/** All that can be read at `path`: a step, a field of one, the trigger, or the result. */
export function sourcesAt(
  definition: Definition,
  path: Path,
  schemas: OutputSchemas,
  samples: Samples = NO_SAMPLES,
): Source[] {
  const found = new Map<string, Source>();
  const add = (source: Source) => found.set(source.expression, source);
  const trigger = definition.trigger;
  const isManual = trigger?.type === "manual";
  const input = isManual ? (trigger.input as Schema | undefined) : undefined;
  add(root("data", input, samples.data));
  // A trigger's inputs are resolved at the registration, when nothing has run.
  const isEarly = path[0] === "trigger";
  if (!isEarly && trigger?.type === "app")
    add(root("event", schemas.trigger(String(trigger.component)), samples.event));
  if (!isEarly) new Walk(path, schemas, samples, found).block(definition.steps, ["steps"]);
  add(root("run", fieldsOf({ userId: "string", id: "string", startedAt: "string" }), null));
  const callbacks = walk(definition).filter(({ step }) => step.type === "callback");
  if (!isEarly && callbacks.length > 0) {
    const urls = callbacks.map(({ step }) => [step.id, "string"]);
    add(root("callbacks", fieldsOf(Object.fromEntries(urls) as Record<string, string>), null));
  }
  return [...found.values()];
}

function root(group: Source["group"], schema: Schema | undefined, sample: Json): Source {
  const source: Source = { group, expression: group, title: group, schema: schema ?? {} };
  return sample === null ? source : { ...source, sample };
}

/** Goes through the steps before a place, in the order in which they run. */
class Walk {
  constructor(
    private readonly path: Path,
    private readonly schemas: OutputSchemas,
    private readonly samples: Samples,
    private readonly found: Map<string, Source>,
  ) {}

  block(steps: Step[], block: Path): void {
    const { path } = this;
    const inside = startsWith(path, block);
    const here = path[block.length];
    const end = inside && typeof here === "number" ? here : steps.length;
    for (const [index, step] of steps.entries()) {
      if (index > end) break;
      const own = [...block, index];
      const current = inside && index === end;
      for (const inner of blocksOf(step, own)) {
        const within = current && startsWith(path, inner.path);
        // An iteration's output sees all that the iteration did.
        const after = current && step.type === "for-each" && path[own.length] === "output";
        if (step.type === "for-each" && (within || after)) this.loop(step);
        // What a branch did may be read after it; what an iteration did may not.
        const passed = !current && step.type !== "for-each";
        if (within || passed || after) this.block(inner.steps, inner.path);
      }
      if (!current) this.step(step);
    }
  }

  /** The item, as the first one of the list was, and its number. */
  private loop(step: Step): void {
    const name = (key: string, otherwise: string): string =>
      typeof step[key] === "string" ? (step[key] as string) : otherwise;
    const list = sampleOf([...this.found.values()], String(step.items));
    const first = Array.isArray(list) ? list[0] : undefined;
    this.add(name("itemName", "item"), {}, first);
    this.add(name("indexName", "index"), { type: "integer" }, first === undefined ? undefined : 0);
  }

  private add(expression: string, schema: Schema, sample: Json | undefined): void {
    const source: Source = { group: "loop", expression, title: expression, schema };
    this.found.set(expression, sample === undefined ? source : { ...source, sample });
  }

  private step(step: Step): void {
    const sample = this.samples.steps[step.id]?.output;
    if (step.type === "set") return this.variables(step, sample);
    const title = typeof step.name === "string" && step.name ? step.name : step.id;
    const about = { group: "step" as const, title };
    const path = `steps.${step.id}`;
    if (!["condition", "switch", "delay", "wait-until", "stop"].includes(step.type)) {
      const named =
        step.type === "app" ? this.schemas.component(String(step.component)) : RESULTS[step.type];
      const source = { ...about, expression: `${path}.output`, schema: named ?? {} };
      this.found.set(source.expression, sample === undefined ? source : { ...source, sample });
    }
    if (getIn(step, ["onError", "action"]) === "continue")
      this.found.set(`${path}.error`, { ...about, expression: `${path}.error`, schema: ERROR });
  }

  /** Several steps may set one variable: the last one counts. */
  private variables(step: Step, sample: Json | undefined): void {
    const values = getIn(step, ["values"]);
    const names = isMap(values) ? Object.keys(values) : [];
    if (names.length === 0) return;
    const before = this.found.get("vars");
    const properties = {
      ...(before?.schema.properties as JsonObject | undefined),
      ...Object.fromEntries(names.map((name) => [name, {}])),
    };
    const known = {
      ...(before?.sample as JsonObject | undefined),
      ...(isMap(sample) ? sample : {}),
    };
    const schema: Schema = { type: "object", properties };
    this.found.set("vars", root("vars", schema, Object.keys(known).length > 0 ? known : null));
  }
}

function isMap(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The sample of an expression that only names fields and elements: `steps.list.output.rows[0]`. */
export function sampleOf(roots: Source[], expression: string): Json | undefined {
  const text = expression.trim();
  const known = roots.filter(
    ({ expression: own }) =>
      text === own || text.startsWith(`${own}.`) || text.startsWith(`${own}[`),
  );
  const nearest = known.sort((one, other) => other.expression.length - one.expression.length)[0];
  if (!nearest) return undefined;
  const rest = text.slice(nearest.expression.length);
  const parts = [...rest.matchAll(/\.([A-Za-z_]\w*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)];
  if (parts.map(([whole]) => whole).join("") !== rest) return undefined;
  const path = parts.map(([, name, index, quoted]) =>
    index !== undefined ? Number(index) : quoted ? String(JSON.parse(quoted)) : (name ?? ""),
  );
  return getIn(nearest.sample, path);
}
