import { ActionIcon, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../../../api/client";
import { StepCard } from "./StepCard";
import { StepIcon } from "../StepIcon";
import { type StepAction, StepMenu } from "./StepMenu";
import { type Catalogue, appOf } from "../draft/catalogue";
import classes from "../editor.module.css";
import { kindOf, labelOf, titleOfBlock } from "./labels";
import { type Path, type Step, blocksOf, formatPath, isLoop } from "../draft/model";

export { labelOf } from "./labels";

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
  onAct: (id: string, action: StepAction) => void;
}

/** One list of steps, each with the lists inside it, and a place to add between any two. */
export function StepList(props: Props) {
  const { t } = useTranslation();
  const { steps, block, title, catalogue, faults, selected, onSelect, onAdd, onAct } = props;
  return (
    <ol className={classes.list}>
      {steps.map((step, index) => (
        <li key={step.id}>
          <Add block={block} index={index} before={step} onAdd={onAdd} />
          <StepCard
            id={step.id}
            icon={<StepIcon type={step.type} component={step.component} catalogue={catalogue} />}
            title={labelOf(step)}
            detail={kindOf(t, step, catalogue)}
            position={t("keyboard.position", { number: index + 1, count: steps.length })}
            isLoop={isLoop(step)}
            hasFaults={(faults.get(step.id) ?? []).length > 0}
            appKey={step.type === "app" ? appOf(step.component) : undefined}
            isSelected={selected === step.id}
            onSelect={onSelect}
          >
            <StepMenu name={labelOf(step)} onAct={(action) => onAct(step.id, action)} />
          </StepCard>
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

function Blocks(props: Props & { step: Step; path: Path }) {
  const { step, path, ...rest } = props;
  const { t } = useTranslation();
  const blocks = blocksOf(step, path);
  if (blocks.length === 0) return null;
  return (
    <div className={classes.blocks}>
      {blocks.map((block) => {
        const title = titleOfBlock(t, step, path, block);
        return (
          <div
            key={formatPath(block.path)}
            className={classes.block}
            role="group"
            aria-label={title}
          >
            <Text size="sm" fw={500} c="dimmed">
              {title}
            </Text>
            <StepList {...rest} steps={block.steps} block={block.path} title={title} />
          </div>
        );
      })}
    </div>
  );
}
