import { ActionIcon, type ActionIconProps, CopyButton, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { CheckIcon, CopyIcon } from "./icons";

interface Props extends ActionIconProps {
  /** What the value is. */
  label: string;
  value: string;
}

/** Takes a value to the clipboard. */
export function CopyAction({ label, value, ...look }: Props) {
  const { t } = useTranslation();
  return (
    <CopyButton value={value} timeout={2000}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t("common.copied") : t("common.copy")}>
          <ActionIcon
            variant="subtle"
            onClick={copy}
            aria-label={copied ? t("common.copied") : t("common.copyOf", { label })}
            {...look}
          >
            {copied ? <CheckIcon size="60%" /> : <CopyIcon size="60%" />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
