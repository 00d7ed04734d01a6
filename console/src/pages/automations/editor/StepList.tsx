import { ActionIcon, Text, UnstyledButton } from "@mantine/core";
import {
  IconAlertTriangle,
  IconApps,
  IconArrowsSplit,
  IconClock,
  IconHandStop,
  IconPhoneCall,
  IconPlayerStop,
  IconPlus,
  IconRepeat,
  IconUserQuestion,
  IconVariable,
  IconWebhook,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../../api/client";
import { type Catalogue, appOf, componentOf } from "./catalogue";
import classes from "./editor.module.css";
import { type Block, type Path, type Step, blocksOf, formatPath, getIn } from "./model";
import { isFlowType } from "./steps";

const ICONS: Record<string, typeof IconApps> = {
  app: IconApps,
  condition: IconArrowsSplit,
  switch: IconArrowsSplit,
  "for-each": IconRepeat,
  delay: IconClock,
  "wait-until": IconClock,
  approval: IconUserQuestion,
  callback: IconWebhook,
  call: IconPhoneCall,
  set: IconVariable,
  stop: IconPlayerStop,
};

interface Props {
  steps: Step[];
  block: Path;
  /** Of the branch or loop that it is in. */
  title?: string;
  catalogue: Catalogue;
  faults: Map<string, Fault[]>;
  selected: string | null;
  onSelect: (id: string) => void;
  onAdd: (block: Path, index: number) => void;
}

/** One list of steps, each with the lists inside it, and a place to add between any two. */
export function StepList(props: Props) {
  const { steps, block, title, onAdd } = props;
  return (
    <ol className={classes.list}>
      {steps.map((step, index) => (
        <li key={step.id}>
          <Add block={block} index={index} before={step} onAdd={onAdd} />
          <StepCard {...props} step={step} />
          <Blocks {...props} step={step} path={[...block, index]} />
        </li>
      ))}
      <li>
        <Add block={block} index={steps.length} title={title} onAdd={onAdd} />
      </li>
    </ol>
  );
}

function Add({
  block,
  index,
  before,
  title,
  onAdd,
}: {
  block: Path;
  index: number;
  before?: Step;
  title?: string;
  onAdd: Props["onAdd"];
}) {
  const { t } = useTranslation();
  return (
    <div className={classes.add}>
      <ActionIcon
        variant="default"
        radius="xl"
        size="md"
        aria-label={
          before
            ? t("automations.addBefore", { name: labelOf(before) })
            : title
              ? t("automations.addInto", { name: title })
              : t("automations.addEnd")
        }
        onClick={() => onAdd(block, index)}
      >
        <IconPlus size={14} aria-hidden />
      </ActionIcon>
    </div>
  );
}

function StepCard({ step, catalogue, faults, selected, onSelect }: Props & { step: Step }) {
  const { t } = useTranslation();
  const Icon = ICONS[step.type] ?? IconHandStop;
  const component = componentOf(catalogue, step.component);
  const app = catalogue.apps.get(appOf(step.component));
  const kind =
    step.type === "app"
      ? `${app?.name ?? appOf(step.component)} · ${component?.name ?? String(step.component)}`
      : isFlowType(step.type)
        ? t(`automations.type_${step.type}`)
        : step.type;
  const own = faults.get(step.id) ?? [];
  return (
    <UnstyledButton
      className={classes.card}
      data-step={step.id}
      data-selected={selected === step.id || undefined}
      aria-pressed={selected === step.id}
      onClick={() => onSelect(step.id)}
    >
      <Icon size={20} aria-hidden />
      <span className={classes.words}>
        <Text span fw={500} display="block">
          {labelOf(step)}
        </Text>
        <Text span size="xs" c="dimmed">
          {kind}
        </Text>
      </span>
      {own.length > 0 && (
        <IconAlertTriangle
          size={18}
          className={classes.fault}
          role="img"
          aria-label={t("automations.hasFaults")}
        />
      )}
    </UnstyledButton>
  );
}

function Blocks(props: Props & { step: Step; path: Path }) {
  const { step, path, ...rest } = props;
  const { t } = useTranslation();
  const blocks = blocksOf(step, path);
  if (blocks.length === 0) return null;
  const title = (block: Block): string => {
    const holder = getIn(step, block.path.slice(path.length, -1));
    // Only branches and cases have names of their own; the others' holder is the step.
    if (block.kind === "branch" || block.kind === "case") {
      const name = getIn(holder, ["name"]);
      if (typeof name === "string" && name) return name;
      const told = getIn(holder, [block.kind === "branch" ? "when" : "equals"]) ?? null;
      const detail = block.kind === "branch" ? String(told ?? "") : JSON.stringify(told);
      return t(`automations.block_${block.kind}`, { detail });
    }
    return t(`automations.block_${block.kind}`);
  };
  return (
    <div className={classes.blocks}>
      {blocks.map((block) => (
        <div
          key={formatPath(block.path)}
          className={classes.block}
          role="group"
          aria-label={title(block)}
        >
          <Text size="sm" fw={500} c="dimmed">
            {title(block)}
          </Text>
          <StepList {...rest} steps={block.steps} block={block.path} title={title(block)} />
        </div>
      ))}
    </div>
  );
}

export function labelOf(step: Step): string {
  return typeof step.name === "string" && step.name ? step.name : step.id;
}
