import { automationKey } from "../../automationKey";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, api, unwrap } from "../../../../api/client";
import type { components } from "../../../../api/schema";
import { type History, begin, commit, redo, undo } from "./history";
import type { Definition } from "./model";

type Automation = components["schemas"]["AutomationView"];

export type SaveState = "saved" | "unsaved" | "saving" | "conflict" | "failed";

const PAUSE_MS = 700;
const CONFLICT = 409;

export interface Draft {
  /** Anything that was saved by anybody: check with `isShaped` before showing it. */
  definition: Definition;
  /** As the server shows it, without secrets; what is not saved yet stands as it was typed. */
  shown: Definition;
  revision: number;
  state: SaveState;
  error: Error | null;
  canUndo: boolean;
  canRedo: boolean;
  /** Changes with one `topic` in a row are undone together. */
  edit: (change: (definition: Definition) => Definition, topic?: string) => void;
  undo: () => void;
  redo: () => void;
  /** Saves what is unsaved now; gives the revision, or null when it could not be saved. */
  flush: () => Promise<number | null>;
  /** After a conflict: saves over what somebody else saved. */
  keepMine: () => Promise<void>;
  /** Takes what the server has; own changes stay in the history of undo. */
  takeTheirs: () => Promise<void>;
}

/** A draft that saves itself a moment after each change, one save after the other. */
export function useDraft(projectId: string, automation: Automation): Draft {
  const queries = useQueryClient();
  const [history, setHistory] = useState<History<Definition>>(() =>
    begin(automation.definition as unknown as Definition),
  );
  const [revision, setRevision] = useState(automation.revision);
  const [state, setState] = useState<SaveState>("saved");
  const [error, setError] = useState<Error | null>(null);
  const [saved, setSaved] = useState(history.present);
  const [answered, setAnswered] = useState(history.present);
  // What saving reads while it waits for an answer; the states above are what is shown.
  const now = useRef({
    history,
    saved,
    revision: automation.revision,
    running: null as Promise<number | null> | null,
  });
  const automationId = automation.id;

  const save = useCallback(async (): Promise<number | null> => {
    const here = now.current;
    const path = { projectId, automationId };
    while (here.history.present !== here.saved) {
      const sent = here.history.present;
      setState("saving");
      try {
        const answer = await unwrap(
          api.PATCH("/api/v1/projects/{projectId}/automations/{automationId}", {
            params: { path },
            body: { definition: { ...sent }, revision: here.revision },
          }),
        );
        here.saved = sent;
        setSaved(sent);
        setAnswered(answer.definition as unknown as Definition);
        here.revision = answer.revision;
        setRevision(answer.revision);
        setError(null);
        queries.setQueryData(automationKey(path), answer);
      } catch (cause) {
        const isConflict = cause instanceof ApiError && cause.code === CONFLICT;
        setState(isConflict ? "conflict" : "failed");
        setError(cause as Error);
        return null;
      }
    }
    setState("saved");
    return here.revision;
  }, [queries, projectId, automationId]);

  const flush = useCallback((): Promise<number | null> => {
    const here = now.current;
    here.running ??= save().finally(() => {
      here.running = null;
    });
    return here.running;
  }, [save]);

  const apply = useCallback((step: (history: History<Definition>) => History<Definition>) => {
    const next = step(now.current.history);
    if (next === now.current.history) return;
    now.current.history = next;
    setHistory(next);
    setState((before) => (before === "conflict" ? before : "unsaved"));
  }, []);

  useEffect(() => {
    if (state !== "unsaved") return;
    const timer = setTimeout(() => void flush(), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [history.present, state, flush]);

  useEffect(() => {
    const here = now.current;
    const warn = (event: BeforeUnloadEvent) => {
      if (here.history.present !== here.saved) event.preventDefault();
    };
    window.addEventListener("beforeunload", warn);
    return () => {
      window.removeEventListener("beforeunload", warn);
      void flush();
    };
  }, [flush]);

  const read = () =>
    unwrap(
      api.GET("/api/v1/projects/{projectId}/automations/{automationId}", {
        params: { path: { projectId, automationId } },
      }),
    );
  const note = (answer: Automation) => {
    now.current.revision = answer.revision;
    setRevision(answer.revision);
    setError(null);
    queries.setQueryData(automationKey({ projectId, automationId }), answer);
  };
  return {
    definition: history.present,
    shown: history.present === saved ? answered : history.present,
    revision,
    state: state === "unsaved" && history.present === saved ? "saved" : state,
    error,
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    edit: (change, topic) => apply((before) => commit(before, change(before.present), topic)),
    undo: () => apply(undo),
    redo: () => apply(redo),
    flush,
    keepMine: async () => {
      note(await read());
      await flush();
    },
    takeTheirs: async () => {
      const answer = await read();
      note(answer);
      const theirs = answer.definition as unknown as Definition;
      const next = commit(now.current.history, theirs);
      now.current.saved = theirs;
      now.current.history = next;
      setSaved(theirs);
      setAnswered(theirs);
      setHistory(next);
      setState("saved");
    },
  };
}
