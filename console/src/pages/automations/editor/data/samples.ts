/** What the newest runs of an automation had, for the data picker and for tests of single steps. */

import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../../../api/client";
import type { Json, JsonObject } from "../draft/model";
import { automationKey } from "../../automationKey";

export interface Samples {
  data: JsonObject | null;
  event: Json;
  steps: { [stepId: string]: { output: Json } };
}

export const NO_SAMPLES: Samples = { data: null, event: null, steps: {} };

interface AutomationPath {
  projectId: string;
  automationId: string;
}

export function samplesKey(path: AutomationPath): string[] {
  return [...automationKey(path), "samples"];
}

export function useSamples(path: AutomationPath): Samples {
  const samples = useQuery({
    queryKey: samplesKey(path),
    // Runs come about in other tabs and by other programs, too: each panel that opens asks again.
    staleTime: 0,
    queryFn: async () => {
      const found = await unwrap(
        api.GET("/api/v1/projects/{projectId}/automations/{automationId}/samples", {
          params: { path },
        }),
      );
      return found as Samples;
    },
  });
  return samples.data ?? NO_SAMPLES;
}
