/** Under which an automation, and what belongs to it, is kept. */
export function automationKey(path: { projectId: string; automationId: string }): string[] {
  return ["projects", path.projectId, "automation", path.automationId];
}
