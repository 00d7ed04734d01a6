import { Anchor, Group } from "@mantine/core";
import { Link } from "react-router";
import type { components } from "../../api/schema";

interface Props {
  projectId: string;
  automations: components["schemas"]["Using"][];
}

/** Automations by name, each a link to its editor. */
export function AutomationLinks({ projectId, automations }: Props) {
  return (
    <Group gap="xs">
      {automations.map(({ automationId, name }) => (
        <Anchor
          key={automationId}
          component={Link}
          size="sm"
          underline="always"
          to={`/projects/${projectId}/automations/${automationId}`}
        >
          {name}
        </Anchor>
      ))}
    </Group>
  );
}
