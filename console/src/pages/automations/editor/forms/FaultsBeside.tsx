import { Alert, Text } from "@mantine/core";
import type { Fault } from "../../../../api/client";
import { worded } from "../../../../app/wording";

/** What is wrong and belongs to no field of the form below. */
export function FaultsBeside({ faults }: { faults: Fault[] }) {
  if (faults.length === 0) return null;
  return (
    <Alert color="orange">
      {faults.map((fault) => (
        <Text key={fault.path + fault.message} size="sm">
          {worded(fault)}
        </Text>
      ))}
    </Alert>
  );
}
