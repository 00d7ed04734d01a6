import { useLocalStorage } from "@mantine/hooks";

/** Open until it was dismissed or all is done; null: it was never looked at. */
export type GuideState = "open" | "closed" | null;

/** Whether this project's getting-started guide is shown, as this browser remembers. */
export function useGuideState(projectId: string) {
  return useLocalStorage<GuideState>({
    key: `inlay.guide.${projectId}`,
    defaultValue: null,
    getInitialValueInEffect: false,
  });
}
