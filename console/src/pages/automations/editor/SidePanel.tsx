import { Drawer, Grid, Paper, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { KeyboardEvent, ReactNode, Ref } from "react";
import { useTranslation } from "react-i18next";
import classes from "./editor.module.css";

interface Props {
  ref: Ref<HTMLDivElement>;
  /** Of the drawer in which it is where there is no place beside the flow. */
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** Escape was pressed beside the flow. */
  onLeave: () => void;
  children: ReactNode;
}

/** What belongs to the flow: beside it on wide screens, over it on small ones. */
export function SidePanel({ ref, title, isOpen, onClose, onLeave, children }: Props) {
  const { t } = useTranslation();
  const isWide = useIsWide();
  const keys = (event: KeyboardEvent<HTMLDivElement>) => {
    const target = event.target as HTMLElement;
    // What is open in a field, or over the page, is closed by Escape first.
    const isBusy = target.getAttribute("aria-expanded") === "true";
    if (event.key === "Escape" && !isBusy && event.currentTarget.contains(target)) onLeave();
  };
  if (isWide) {
    return (
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Paper withBorder p="lg" className={classes.panel} ref={ref} tabIndex={-1} onKeyDown={keys}>
          {isOpen ? children : <Text c="dimmed">{t("automations.selectHint")}</Text>}
        </Paper>
      </Grid.Col>
    );
  }
  return (
    <Drawer
      opened={isOpen}
      onClose={onClose}
      position="bottom"
      size="85%"
      title={title}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {children}
    </Drawer>
  );
}

export function useIsWide(): boolean {
  return useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
}
