import { Group, Text } from "@mantine/core";
import icon from "./icon.svg";

/** Our sign with our name. */
export function Wordmark() {
  return (
    <Group gap={8} wrap="nowrap" component="span">
      <img src={icon} width={26} height={26} alt="" />
      <Text component="span" fw={700} size="lg" c="var(--mantine-color-text)">
        Inlay
      </Text>
    </Group>
  );
}
