import { Anchor, Button, Group, List, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

/** A short word of success, and what comes after it. */
export function Finished({ projectId, onClose }: { projectId: string; onClose: () => void }) {
  const { t } = useTranslation();
  const project = `/projects/${projectId}`;
  return (
    <Stack>
      <Text fw={600} role="status">
        {t("start.success")}
      </Text>
      <Text>{t("start.next")}</Text>
      <List spacing={4}>
        <List.Item>
          <Anchor component={Link} to={`${project}/settings?area=integrations`} underline="always">
            {t("start.next_integrations")}
          </Anchor>
        </List.Item>
        <List.Item>
          <Anchor href="/docs#/ipaas" underline="always">
            {t("start.next_reference")}
          </Anchor>
        </List.Item>
        <List.Item>{t("start.next_guide", { file: "docs/connecting.md" })}</List.Item>
      </List>
      <Group>
        <Button component={Link} to={`${project}/runs`}>
          {t("start.seeRuns")}
        </Button>
        <Button variant="default" onClick={onClose}>
          {t("start.close")}
        </Button>
      </Group>
    </Stack>
  );
}
