/** Undo and redo over immutable values. */

export interface History<T> {
  past: T[];
  present: T;
  future: T[];
  /** What the last change was about: further changes of the same are undone with it. */
  topic: string | null;
}

const KEPT = 100;

export function begin<T>(present: T): History<T> {
  return { past: [], present, future: [], topic: null };
}

/** Typing into one field has one `topic`, so that one undo takes all of it back. */
export function commit<T>(history: History<T>, next: T, topic: string | null = null): History<T> {
  if (next === history.present) return history;
  const joined = topic !== null && topic === history.topic && history.past.length > 0;
  const past = joined ? history.past : [...history.past, history.present].slice(-KEPT);
  return { past, present: next, future: [], topic };
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: before,
    future: [history.present, ...history.future],
    topic: null,
  };
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: next, future, topic: null };
}
