import { Anchor, Button, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { wordedError } from "../../../../app/wording";
import { type Asked, needsAccount } from "./options";

interface Props {
  asked: Asked;
  error: Error | null;
  onRetry: () => void;
  /** What is chosen and the app does not have, as people read it. */
  unknown: string[];
}

/** Why nothing can be chosen, and what to do about it. */
export function OptionState({ asked, error, onRetry, unknown }: Props) {
  const { t } = useTranslation();
  const { missing, computed, projectId } = asked;
  return (
    <div role="status">
      {missing.length > 0 ? (
        <Text size="xs" c="dimmed" mt={4}>
          {t("editor.chooseFirst", { names: missing.join(", ") })}
        </Text>
      ) : computed.length > 0 ? (
        <Text size="xs" c="dimmed" mt={4}>
          {t("editor.computed", { names: computed.join(", ") })}
        </Text>
      ) : (
        <>
          {error && (
            <Text size="xs" c="red" mt={4}>
              {wordedError(error)}{" "}
              {needsAccount(error) ? (
                <Anchor
                  component={Link}
                  to={`/projects/${projectId}/settings?area=integrations`}
                  size="xs"
                  underline="always"
                >
                  {t("editor.connectAccount")}
                </Anchor>
              ) : (
                <Button size="compact-xs" variant="subtle" onClick={onRetry}>
                  {t("editor.tryAgain")}
                </Button>
              )}
            </Text>
          )}
          {!error && unknown.length > 0 && (
            <Text size="xs" c="orange" mt={4}>
              {t("editor.unknownChoice", { names: unknown.join(", ") })}
            </Text>
          )}
        </>
      )}
    </div>
  );
}
