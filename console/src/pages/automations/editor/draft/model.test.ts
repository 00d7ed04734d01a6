import { describe, expect, it } from "vitest";
import { begin, commit, redo, undo } from "./history";
import {
  type Definition,
  blocksOf,
  change,
  copies,
  duplicate,
  find,
  formatPath,
  freshId,
  getIn,
  insert,
  isShaped,
  move,
  moveTo,
  parsePath,
  remove,
  rename,
  setIn,
  walk,
} from "./model";

const tree: Definition = {
  trigger: { type: "manual" },
  steps: [
    { id: "greet", type: "set", values: { text: "Hello" } },
    {
      id: "check",
      type: "condition",
      branches: [
        { when: "data.big", steps: [{ id: "big", type: "stop" }] },
        { when: "true", steps: [] },
      ],
      otherwise: [
        {
          id: "loop",
          type: "for-each",
          items: "data.list",
          steps: [{ id: "inner", type: "set", values: { x: "{{ steps.greet.output }}" } }],
        },
      ],
    },
    { id: "last", type: "stop", message: "{{ steps.greet.output.text }} {{ steps.greet_2 }}" },
  ],
};

const ids = (definition: Definition) => walk(definition).map((place) => place.step.id);

function frozen<T>(value: T): T {
  if (value && typeof value === "object") Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
frozen(tree);

describe("places", () => {
  it("tell what is done for each item from what is done in each round", () => {
    const kinds = (type: string) =>
      blocksOf({ id: "a", type, steps: [] }, ["steps", 0]).map(({ kind }) => kind);
    expect(kinds("for-each")).toEqual(["loop"]);
    expect(kinds("repeat")).toEqual(["round"]);
  });

  it("are named as the API names them", () => {
    expect(formatPath(find(tree, "inner")?.path ?? [])).toBe("steps[1].otherwise[0].steps[0]");
    expect(parsePath("steps[1].branches[0].steps[2].inputs.to")).toEqual([
      ..."steps 1 branches 0 steps 2 inputs to"
        .split(" ")
        .map((part) => (/\d/.test(part) ? Number(part) : part)),
    ]);
  });

  it("go through the tree outer before inner", () => {
    expect(ids(tree)).toEqual(["greet", "check", "big", "loop", "inner", "last"]);
    expect(find(tree, "inner")?.depth).toBe(2);
  });
});

describe("setIn", () => {
  it("makes what is missing and shares what stays", () => {
    const changed = setIn(tree, ["steps", 0, "inputs", "to"], "Ada");
    expect(getIn(changed, ["steps", 0, "inputs", "to"])).toBe("Ada");
    expect(changed.steps[1]).toBe(tree.steps[1]);
    expect(getIn(tree, ["steps", 0, "inputs"])).toBeUndefined();
  });

  it("removes a key that gets nothing", () => {
    expect(setIn(tree, ["trigger"], undefined)).not.toHaveProperty("trigger");
  });
});

describe("steps", () => {
  const step = { id: "new", type: "delay", seconds: 1 };

  it("are put into a branch that was empty", () => {
    const changed = insert(tree, ["steps", 1, "branches", 1, "steps"], 0, step);
    expect(ids(changed)).toEqual(["greet", "check", "big", "new", "loop", "inner", "last"]);
  });

  it("are put into a list that is absent", () => {
    const bare: Definition = { steps: [{ id: "c", type: "condition", branches: [] }] };
    expect(ids(insert(bare, ["steps", 0, "otherwise"], 0, step))).toEqual(["c", "new"]);
  });

  it("are removed with what they hold", () => {
    expect(ids(remove(tree, "check"))).toEqual(["greet", "last"]);
    expect(remove(tree, "unknown")).toBe(tree);
  });

  it("move inside their list and stay at its ends", () => {
    expect(ids(move(tree, "last", -1))).toEqual(["greet", "last", "check", "big", "loop", "inner"]);
    expect(move(tree, "greet", -1)).toBe(tree);
    expect(move(tree, "inner", 1)).toBe(tree);
  });

  it("move from one list into another, also where that shifts the target", () => {
    const target = ["steps", 1, "branches", 1, "steps"];
    const changed = moveTo(tree, "greet", target, 0);
    expect(ids(changed)).toEqual(["check", "big", "greet", "loop", "inner", "last"]);
    expect(formatPath(find(changed, "greet")?.path ?? [])).toBe("steps[0].branches[1].steps[0]");
  });

  it("never move into themselves", () => {
    expect(moveTo(tree, "check", ["steps", 1, "otherwise"], 0)).toBe(tree);
  });

  it("change one key without the others", () => {
    const changed = change(tree, "loop", { parallelism: 3, items: undefined });
    expect(find(changed, "loop")?.step).toMatchObject({ parallelism: 3, type: "for-each" });
    expect(find(changed, "loop")?.step).not.toHaveProperty("items");
  });

  it("are copied so that they read each other, and what is not copied as before", () => {
    const [outer] = copies(tree, [
      {
        id: "loop",
        type: "for-each",
        items: "steps.greet.output",
        steps: [
          { id: "inner", type: "set", values: { x: "{{ item }}" } },
          {
            id: "after",
            type: "stop",
            message: "{{ steps.inner.output.x }} {{ callbacks.inner }}",
          },
        ],
      },
    ]);
    expect(outer).toMatchObject({
      id: "loop_2",
      items: "steps.greet.output",
      steps: [
        { id: "inner_2" },
        { id: "after", message: "{{ steps.inner_2.output.x }} {{ callbacks.inner_2 }}" },
      ],
    });
  });

  it("are copied with ids of their own", () => {
    const changed = duplicate(tree, "check");
    expect(new Set(ids(changed)).size).toBe(ids(changed).length);
    expect(ids(changed)).toHaveLength(10);
    expect(changed.steps[2]?.type).toBe("condition");
    expect(isShaped(changed)).toBe(true);
  });
});

describe("ids", () => {
  it("are made of a name and never twice", () => {
    expect(freshId(tree, "Send message!")).toBe("send_message");
    expect(freshId(tree, "Greet")).toBe("greet_2");
    expect(freshId(tree, "123 é")).toBe("step");
    // The language keeps these words for itself.
    expect(freshId(tree, "Import")).toBe("import_2");
    expect(freshId(tree, "loop")).toBe("loop_2");
  });

  it("change together with the expressions that read them", () => {
    const changed = rename(tree, "greet", "hello");
    expect(find(changed, "last")?.step.message).toBe(
      "{{ steps.hello.output.text }} {{ steps.greet_2 }}",
    );
    expect(getIn(find(changed, "inner")?.step, ["values", "x"])).toBe("{{ steps.hello.output }}");
  });

  it("do not become those of another step, or no id", () => {
    expect(rename(tree, "greet", "last")).toBe(tree);
    expect(rename(tree, "greet", "No id")).toBe(tree);
  });
});

describe("shape", () => {
  it("is what the editor can show", () => {
    expect(isShaped(tree)).toBe(true);
    expect(isShaped({ steps: [] })).toBe(true);
  });

  it.each([
    [null],
    [{}],
    [{ steps: {} }],
    [{ steps: [{ id: "a" }] }],
    [
      {
        steps: [
          { id: "a", type: "set" },
          { id: "a", type: "set" },
        ],
      },
    ],
    [{ steps: [{ id: "a", type: "condition", branches: [3] }] }],
    [{ steps: [{ id: "a", type: "for-each", steps: [1] }] }],
    [{ steps: [], trigger: "manual" }],
  ])("is not %j", (value) => {
    expect(isShaped(value)).toBe(false);
  });
});

describe("history", () => {
  it("goes back and forth", () => {
    const third = commit(commit(begin(1), 2), 3);
    const back = undo(undo(third));
    expect(back.present).toBe(1);
    expect(undo(back)).toBe(back);
    expect(redo(redo(back)).present).toBe(3);
    expect(redo(third)).toBe(third);
  });

  it("forgets what was undone once something else changes", () => {
    const changed = commit(undo(commit(begin(1), 2)), 9);
    expect(redo(changed).present).toBe(9);
  });

  it("takes typing into one field back at once", () => {
    let history = begin("");
    for (const text of ["A", "Ad", "Ada"]) history = commit(history, text, "name");
    history = commit(history, "Ada!", "other");
    expect(undo(history).present).toBe("Ada");
    expect(undo(undo(history)).present).toBe("");
  });

  it("notes no change where there is none", () => {
    const history = begin(tree);
    expect(commit(history, tree)).toBe(history);
  });
});
