import { TextInput } from "@mantine/core";
import { CopyAction } from "./CopyAction";

interface Props {
  label: string;
  value: string;
  description?: string;
}

/** A text to take elsewhere: a URL, a secret. */
export function Copyable({ label, value, description }: Props) {
  return (
    <TextInput
      label={label}
      description={description}
      value={value}
      readOnly
      onFocus={(event) => event.currentTarget.select()}
      rightSection={<CopyAction label={label} value={value} />}
    />
  );
}
