/** How each step of a definition stands in one run of it. */

import type { components } from "../../../../api/schema";
import {
  type Block,
  type Definition,
  type Place,
  type Step,
  blocksOf,
  getIn,
  isLoop,
  startsWith,
  walk,
} from "../draft/model";

export type Execution = Pick<
  components["schemas"]["StepView"],
  "stepId" | "iteration" | "status" | "output" | "error" | "startedAt" | "endedAt" | "waitedMs"
>;

/** What is asked of a run. */
export interface Observed {
  status: components["schemas"]["RunView"]["status"];
  message: string | null;
  pauses: { stepId: string }[];
  steps: Execution[];
}

export type State = "running" | "waiting" | "completed" | "error" | "skipped";

export interface Standing {
  state: State;
  /** Of a step in a loop: how often it was executed; of a loop: how many iterations began. */
  count: number;
  failed: number;
  /** Milliseconds, of all executions together; null: none has ended. */
  took: number | null;
}

/** Kinds of steps that are over at once, wherever they stand. */
const INSTANT = ["set", "stop", "condition", "switch"];

export function isLive(status: string): boolean {
  return status === "running" || status === "paused";
}

/** The standing of each step that has one: what a run has not reached yet, has none. */
export function standings(definition: Definition, run: Observed): Map<string, Standing> {
  const places = walk(definition);
  const executionsOf = (id: string) => run.steps.filter(({ stepId }) => stepId === id);
  const waiting = new Set(run.pauses.map(({ stepId }) => stepId));
  const failed = run.status === "error" ? failedStep(definition, run) : null;
  const busy = run.status === "running" ? busyStep(definition, run) : null;
  const found = new Map<string, Standing>();
  for (const place of places) {
    const { id, type } = place.step;
    const own = executionsOf(id);
    const within = run.steps.filter((one) => isInside(places, place, one.stepId));
    const isBegun =
      within.length > 0 ||
      places.some((inner) => waiting.has(inner.step.id) && isInside(places, place, inner.step.id));
    const errors = own.filter(({ status }) => status === "error").length;
    const state: State | null =
      isLive(run.status) && waiting.has(id)
        ? "waiting"
        : errors > 0 || id === failed
          ? "error"
          : own.length > 0
            ? "completed"
            : id === busy || (isLoop(place.step) && isBegun && isLive(run.status))
              ? "running"
              : isLive(run.status)
                ? null
                : endOf(type, within);
    if (state === null) continue;
    const ended = own.filter(({ endedAt }) => endedAt !== null);
    found.set(id, {
      state,
      count: isLoop(place.step) ? iterations(places, place, within) : own.length,
      failed: errors,
      took:
        ended.length > 0
          ? ended.reduce((sum, one) => sum + ((one.endedAt ?? 0) - one.startedAt - one.waitedMs), 0)
          : null,
    });
  }
  return found;
}

/** A loop in which the run ended is written down by what is in it alone. */
function endOf(type: string, within: Execution[]): State {
  if (!isLoop({ type }) || within.length === 0) return "skipped";
  return within.some(({ status }) => status === "error") ? "error" : "completed";
}

/** The step that ended a failed run; null: it is not in this definition. */
export function failedStep(definition: Definition, run: Observed): string | null {
  const errors = run.steps
    .filter(({ status }) => status === "error")
    .sort((one, other) => (one.endedAt ?? 0) - (other.endedAt ?? 0));
  const places = walk(definition);
  // What fails before anything is done, such as an input's expression, is only in the message.
  const named = places.find(({ step }) => {
    const label = typeof step.name === "string" && step.name ? step.name : step.id;
    return run.message?.match(/^Step “(.*?)(?: #[\d.]+)?” failed/)?.[1] === label;
  });
  const last = errors.findLast(({ stepId }) => places.some(({ step }) => step.id === stepId));
  return named?.step.id ?? last?.stepId ?? null;
}

function isInside(places: Place[], place: Place, id: string): boolean {
  const inner = places.find(({ step }) => step.id === id);
  return (
    inner !== undefined &&
    inner.path.length > place.path.length &&
    startsWith(inner.path, place.path)
  );
}

function iterations(places: Place[], loop: Place, within: Execution[]): number {
  const around = places.filter(
    ({ step, path }) =>
      isLoop(step) && path.length < loop.path.length && startsWith(loop.path, path),
  ).length;
  const begun = within.map(({ iteration }) =>
    iteration
      .split(".")
      .slice(0, around + 1)
      .join("."),
  );
  return new Set(begun).size;
}

/**
 * The step that a run which goes on is most likely at.
 *
 * Steps are written down when they have ended, and those that need no app with the next that does:
 * so it is the first after all that is written down which takes time at all.
 */
function busyStep(definition: Definition, run: Observed): string | null {
  const recorded = new Map(run.steps.map((one) => [one.stepId, one]));
  const isTouched = (step: Step): boolean =>
    recorded.has(step.id) || blocksOf(step, []).some(({ steps }) => steps.some(isTouched));
  const inBlock = (steps: Step[]): string | null => {
    const last = steps.findLastIndex(isTouched);
    const reached = steps[last];
    if (reached) {
      if (isLoop(reached) && !recorded.has(reached.id)) return reached.id;
      const chosen = chosenBlock(reached, recorded.get(reached.id), isTouched);
      const inside = chosen && inBlock(chosen.steps);
      if (inside) return inside;
    }
    return steps.slice(last + 1).find(takesTime)?.id ?? null;
  };
  return inBlock(definition.steps);
}

function takesTime(step: Step): boolean {
  if (!INSTANT.includes(step.type)) return true;
  return blocksOf(step, []).some(({ steps }) => steps.some(takesTime));
}

/** The branch or case that a run took. */
function chosenBlock(
  step: Step,
  execution: Execution | undefined,
  isTouched: (step: Step) => boolean,
): Block | undefined {
  if (step.type !== "condition" && step.type !== "switch") return undefined;
  const blocks = blocksOf(step, []);
  const taken = getIn(execution?.output, ["branch"]);
  const name = (block: Block) => {
    const holder = getIn(step, block.path.slice(0, -1));
    if (block.kind === "branch") return getIn(holder, ["name"]) || `branch ${block.number + 1}`;
    if (block.kind === "case") return getIn(holder, ["name"]) || String(getIn(holder, ["equals"]));
    return block.kind;
  };
  return (
    blocks.find(({ steps }) => steps.some(isTouched)) ?? blocks.find((one) => name(one) === taken)
  );
}
