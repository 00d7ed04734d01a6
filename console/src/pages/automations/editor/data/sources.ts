/** What an expression can read at one place of a definition: the roots of the data picker. */

import {
  type Definition,
  type Json,
  type JsonObject,
  type Path,
  type Step,
  blocksOf,
  getIn,
  isLoop,
  isMap,
  startsWith,
  walk,
} from "../draft/model";
import { type Samples, NO_SAMPLES } from "./samples";
import { itemSchema, listOf, placeOf, schemaOf } from "./shapes";

export type Schema = { [key: string]: Json };

export interface Source {
  group: "data" | "event" | "run" | "vars" | "loop" | "callbacks" | "step";
  /** CEL, without braces: `steps.greet.output.text`. */
  expression: string;
  title: string;
  schema: Schema;
  /** What it was in the newest run; absent: nothing is known. */
  sample?: Json;
  /** Set where it may be missing: the name of the step that decides whether it is there. */
  maybe?: string;
}

/** In the schema of a variable: the same as `maybe` of a source. */
export const MAYBE = "x-maybe";

/** The schemas that a definition only names. */
export interface OutputSchemas {
  component: (key: string) => Schema | undefined;
  trigger: (key: string) => Schema | undefined;
}

const RESULTS: Record<string, Schema> = {
  approval: fieldsOf({ approved: "boolean", expired: "boolean", by: "string", comment: "string" }),
  callback: fieldsOf({ body: "any", query: "object", expired: "boolean" }),
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
  /** The conditions whose branches are being passed, outer before inner. */
  private readonly passing: Step[] = [];

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
        // What a loop computes after an iteration sees all that the iteration did.
        const after = current && isAfterIteration(step, path.slice(own.length));
        if (isLoop(step) && (within || after)) this.loop(step);
        // What a branch did may be read after it; what an iteration did may not.
        const passed = !current && !isLoop(step);
        if (passed) this.passing.push(step);
        if (within || passed || after) this.block(inner.steps, inner.path);
        if (passed) this.passing.pop();
      }
      if (!current) this.settle(step);
      if (!current) this.step(step);
    }
  }

  /** The item, as the first one of the list was, its number, and what is handed on. */
  private loop(step: Step): void {
    const name = (key: string, otherwise: string): string =>
      typeof step[key] === "string" && step[key] ? step[key] : otherwise;
    const roots = [...this.found.values()];
    if (step.type === "for-each") {
      const items = String(step.items ?? "");
      const list = sampleOf(roots, listOf(items));
      const first = Array.isArray(list) ? list[0] : undefined;
      this.add(name("itemName", "item"), itemSchema(roots, items) ?? {}, first);
      this.add(
        name("indexName", "index"),
        { type: "integer" },
        first === undefined ? undefined : 0,
      );
    } else this.add(name("indexName", "index"), { type: "integer" }, undefined);
    if (isMap(step.carry)) {
      const called = step.carry.name;
      const known = schemaOf(roots, step.carry.start);
      this.add(typeof called === "string" && called ? called : "carry", known, undefined);
    }
  }

  private add(expression: string, schema: Schema, sample: Json | undefined): void {
    const source: Source = { group: "loop", expression, title: expression, schema };
    this.found.set(expression, sample === undefined ? source : { ...source, sample });
  }

  /** The name of the step that decides whether what is being passed runs at all. */
  private maybe(): { maybe?: string } {
    const outer = this.passing[0];
    return outer ? { maybe: titleOf(outer) } : {};
  }

  private step(step: Step): void {
    const sample = this.samples.steps[step.id]?.output;
    if (step.type === "set") return this.variables(step, sample);
    const title = titleOf(step);
    const continues = getIn(step, ["onError", "action"]) === "continue";
    const path = `steps.${step.id}`;
    if (!["condition", "switch", "delay", "wait-until", "stop"].includes(step.type)) {
      const source: Source = {
        group: "step",
        title,
        expression: `${path}.output`,
        schema: this.output(step) ?? {},
        ...(continues ? { maybe: title } : {}),
        ...this.maybe(),
      };
      this.found.set(source.expression, sample === undefined ? source : { ...source, sample });
    }
    if (continues)
      this.found.set(`${path}.error`, {
        group: "step",
        title,
        expression: `${path}.error`,
        schema: ERROR,
        maybe: title,
      });
  }

  private output(step: Step): Schema | undefined {
    if (step.type === "app") return this.schemas.component(String(step.component));
    if (!isLoop(step)) return RESULTS[step.type];
    // What it is made of is read inside the loop.
    const inside = new Walk(this.path, this.schemas, this.samples, new Map(this.found));
    inside.loop(step);
    for (const { steps } of blocksOf(step, [])) for (const one of steps) inside.step(one);
    const roots = [...inside.found.values()];
    const carry = isMap(step.carry) ? schemaOf([...this.found.values()], step.carry.start) : {};
    const made = step.output === undefined ? undefined : schemaOf(roots, step.output);
    if (step.type === "repeat") return made ?? carry;
    const list: Schema = { type: "array", ...(made ? { items: made } : {}) };
    return isMap(step.carry) ? { type: "object", properties: { items: list, carry } } : list;
  }

  /** Several steps may set one variable: the last one counts. */
  private variables(step: Step, sample: Json | undefined): void {
    const values = getIn(step, ["values"]);
    const names = isMap(values) ? Object.keys(values) : [];
    if (names.length === 0) return;
    const before = this.found.get("vars");
    const properties = {
      ...(before?.schema.properties as JsonObject | undefined),
      ...Object.fromEntries(names.map((name) => [name, this.variable(name, values, before)])),
    };
    const known = {
      ...(before?.sample as JsonObject | undefined),
      ...(isMap(sample) ? sample : {}),
    };
    const schema: Schema = { type: "object", properties };
    this.found.set("vars", root("vars", schema, Object.keys(known).length > 0 ? known : null));
  }

  /** A variable that is set whatever branch is taken is there for sure. */
  private settle(step: Step): void {
    const vars = this.found.get("vars");
    if (!vars || this.passing.length > 0) return;
    for (const name of alwaysSet(step)) {
      const known = getIn(vars.schema, ["properties", name]);
      if (isMap(known)) delete known[MAYBE];
    }
  }

  /** What a variable holds; it may be missing where nothing but a branch sets it. */
  private variable(name: string, values: Json | undefined, before: Source | undefined): Schema {
    const schema = schemaOf([...this.found.values()], getIn(values, [name]));
    const earlier = getIn(before?.schema, ["properties", name]);
    const { maybe } = this.maybe();
    const isSure = maybe === undefined || (isMap(earlier) && earlier[MAYBE] === undefined);
    return isSure ? schema : { ...schema, [MAYBE]: maybe };
  }
}

/** The variables that a step sets, whichever of its branches it takes. */
function alwaysSet(step: Step): string[] {
  if (step.type === "set") return isMap(step.values) ? Object.keys(step.values) : [];
  if (isLoop(step)) return [];
  const [first, ...others] = blocksOf(step, []).map(({ steps }) => steps.flatMap(alwaysSet));
  return (first ?? []).filter((name) => others.every((names) => names.includes(name)));
}

function titleOf(step: Step): string {
  return typeof step.name === "string" && step.name ? step.name : step.id;
}

/** Whether a loop computes the value at a path inside it when an iteration is done. */
function isAfterIteration(step: Step, [key, part]: Path): boolean {
  if (step.type === "for-each") return key === "output" || (key === "carry" && part === "next");
  if (step.type !== "repeat") return false;
  return key === "output" || key === "until" || (key === "carry" && part === "next");
}

/** The sample of an expression that only names fields and elements: `steps.list.output.rows[0]`. */
export function sampleOf(roots: Source[], expression: string): Json | undefined {
  const found = placeOf(roots, expression);
  return found && getIn(found.source.sample, found.path);
}
