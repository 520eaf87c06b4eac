import type { ListedApp, ListedProject } from "~/components/app/apps-table";
import type { Api } from "./trpc.server";

/** Every page of a list that is short by nature. */
async function all<T>(page: (cursor?: string) => Promise<{ items: T[]; nextCursor: string | null }>): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | undefined; ; ) {
    const answer = await page(cursor);
    items.push(...answer.items);
    if (answer.nextCursor === null) return items;
    cursor = answer.nextCursor;
  }
}

export const allProjects = (api: Api) => all((cursor) => api.projects.list({ limit: 200, ...(cursor ? { cursor } : {}) }));

/** Projects with their applications and each application's last deployment: as many queries for one application as for hundreds. */
export async function listing(api: Api, project?: string): Promise<ListedProject[]> {
  const [projects, apps] = await Promise.all([
    project === undefined ? allProjects(api) : api.projects.read({ project }).then((one) => [one]),
    api.apps.overview(project === undefined ? {} : { project }),
  ]);
  const byProject = new Map<string, ListedApp[]>(projects.map(({ id }) => [id, []]));
  for (const { projectId, ...app } of apps) byProject.get(projectId)?.push(app);
  return projects.map(({ id, name }) => ({ id, name, apps: byProject.get(id) ?? [] }));
}
