import { ThemeIcon } from "@mantine/core";
import {
  IconApps,
  IconArrowsSplit,
  IconClock,
  IconHandStop,
  IconPhoneCall,
  IconPlayerStop,
  IconRepeat,
  IconRotate,
  IconUserQuestion,
  IconVariable,
  IconWebhook,
} from "@tabler/icons-react";
import { AppLogo } from "../../../components/AppLogo";
import { type Catalogue, appOf } from "./draft/catalogue";

const SIZE = 32;

const ICONS: Record<string, typeof IconApps> = {
  app: IconApps,
  condition: IconArrowsSplit,
  switch: IconArrowsSplit,
  "for-each": IconRepeat,
  repeat: IconRotate,
  delay: IconClock,
  "wait-until": IconClock,
  approval: IconUserQuestion,
  callback: IconWebhook,
  call: IconPhoneCall,
  set: IconVariable,
  stop: IconPlayerStop,
};

interface Props {
  type: string;
  /** What the app is asked for, such as `slack.send-message`; of type `app` alone. */
  component?: unknown;
  catalogue: Catalogue;
}

/** What a step is at a glance: its app's logo, or the icon of its kind. */
export function StepIcon({ type, component, catalogue }: Props) {
  if (type === "app" && component) {
    const key = appOf(component);
    const app = catalogue.apps.get(key);
    // Until the app is read, its key stands for its name: the letters are the same.
    return <AppLogo logo={app?.logo} name={app?.name ?? key.replaceAll("-", " ")} size={SIZE} />;
  }
  return <KindIcon Icon={ICONS[type] ?? IconHandStop} />;
}

/** An icon of the flow's own, as large as a logo. */
export function KindIcon({ Icon }: { Icon: typeof IconApps }) {
  return (
    <ThemeIcon variant="default" size={SIZE} radius="md" aria-hidden>
      <Icon size={18} />
    </ThemeIcon>
  );
}
