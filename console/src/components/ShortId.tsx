import { CopyAction } from "./CopyAction";

const [HEAD, TAIL] = [6, 5];

/** An id in one line: its ends to recognise it by, the whole to copy. */
export function ShortId({ id, label }: { id: string; label: string }) {
  const short = id.length > HEAD + TAIL + 1 ? `${id.slice(0, HEAD)}…${id.slice(-TAIL)}` : id;
  return (
    <>
      <span title={id}>{short}</span>{" "}
      <CopyAction label={label} value={id} size={24} my={-4} style={{ verticalAlign: "middle" }} />
    </>
  );
}
