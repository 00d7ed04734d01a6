import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { componentsOf } from "./componentsOf";

const MOST = 50;

export interface Uses {
  /** Names of automations by id. */
  names: Map<string, string>;
  /** Keys of components and triggers that the draft of an automation uses, by its id. */
  components: Map<string, Set<string>>;
}

const NOTHING: Uses = { names: new Map(), components: new Map() };

/** What the drafts of the project's automations (the newest fifty) use. */
export function useUses(projectId: string): Uses {
  const found = useQuery({
    queryKey: ["projects", projectId, "uses"],
    queryFn: () => read(projectId),
  });
  return found.data ?? NOTHING;
}

/** The automations that use an app. */
export function usesOf(uses: Uses, appKey: string): { id: string; name: string }[] {
  return [...uses.components]
    .filter(([, keys]) => [...keys].some((key) => key.startsWith(`${appKey}.`)))
    .map(([id]) => ({ id, name: uses.names.get(id) ?? id }));
}

async function read(projectId: string): Promise<Uses> {
  const list = await unwrap(
    api.GET("/api/v1/projects/{projectId}/automations", {
      params: { path: { projectId }, query: { limit: MOST } },
    }),
  );
  const automations = await Promise.all(
    list.items.map(({ id }) =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/automations/{automationId}", {
          params: { path: { projectId, automationId: id } },
        }),
      ),
    ),
  );
  return {
    names: new Map(automations.map(({ id, name }) => [id, name])),
    components: new Map(automations.map(({ id, definition }) => [id, componentsOf(definition)])),
  };
}
