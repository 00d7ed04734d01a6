import { ActionIcon, Box, Code, CopyButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { CheckIcon, CopyIcon } from "./icons";

/** A value as JSON, to read and to copy. It can be focused, so that a keyboard can scroll it. */
export function Json({ value, label }: { value: unknown; label: string }) {
  const { t } = useTranslation();
  const text = JSON.stringify(value, null, 2) ?? "null";
  return (
    <Box pos="relative">
      <Code
        block
        mah={320}
        pr={44}
        style={{ overflow: "auto" }}
        tabIndex={0}
        role="region"
        aria-label={label}
      >
        {text}
      </Code>
      <CopyButton value={text} timeout={2000}>
        {({ copied, copy }) => (
          <ActionIcon
            variant="default"
            size="sm"
            pos="absolute"
            top={6}
            right={8}
            onClick={copy}
            aria-label={copied ? t("common.copied") : t("common.copyOf", { label })}
          >
            {copied ? <CheckIcon size={14} /> : <CopyIcon size={14} />}
          </ActionIcon>
        )}
      </CopyButton>
    </Box>
  );
}
