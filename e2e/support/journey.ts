import { randomBytes } from "node:crypto";
import { startGitServer } from "./git-repository";
import { openPlatform, type Platform, untilEnded } from "./platform";

/** A project of its own with a Git server, for the applications of one test file. */
export async function openJourney(name: string) {
  const platform = openPlatform();
  const git = await startGitServer();
  const project = `${name}-${randomBytes(3).toString("hex")}`;
  await platform.client.projects.create.mutate({ name: project });

  async function newApp(app: string, files: Record<string, string>, settings: object = {}) {
    const repository = git.repository(`${project}-${app}`, files);
    const created = await platform.client.apps.create.mutate({ name: app, project, git: repository.url, health: { timeoutS: 8 }, bakeS: 2, ...settings });
    const deploy = async (wish: object = {}) => untilEnded(platform, (await platform.client.deployments.create.mutate({ app: created.id, ...wish })).id);
    return { app: created, repository, deploy, url: created.url ?? "" };
  }
  return {
    platform,
    project,
    newApp,
    async close() {
      await deleteProject(platform, project);
      await git.close();
    },
  };
}
export type Journey = Awaited<ReturnType<typeof openJourney>>;

/** Deletes a project with its applications; where they need longer than one request may take, it is asked again, as the answer says. */
async function deleteProject({ client }: Platform, project: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.projects.delete.mutate({ project });
      return;
    } catch (error) {
      if (attempt === 4 || !String(error).includes("still under way")) throw error;
    }
  }
}
