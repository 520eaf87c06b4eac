import { z } from "zod";
import { deleteProject } from "../apps/operate";
import { pageFields, pageOf } from "../inputs";
import { reads, router, writes } from "../trpc";
import { createProjectSchema } from "./schema";
import { createProject, listProjects, readProject } from "./service";

const reference = z.object({ project: z.string().min(1).max(100) });

export const projectsRouter = router({
  create: writes
    .meta({ rest: { method: "POST", path: "/projects", status: 201, summary: "Create a project" } })
    .input(createProjectSchema)
    .mutation(({ ctx, input }) => createProject(ctx, input)),
  list: reads
    .meta({ rest: { method: "GET", path: "/projects", summary: "List projects" } })
    .input(z.object(pageFields).prefault({}))
    .query(async ({ ctx, input }) => pageOf(await listProjects(ctx), input)),
  read: reads
    .meta({ rest: { method: "GET", path: "/projects/{project}", summary: "Show a project" } })
    .input(reference)
    .query(({ ctx, input }) => readProject(ctx, input.project)),
  delete: writes
    .meta({ rest: { method: "DELETE", path: "/projects/{project}", summary: "Delete a project and its applications" } })
    .input(reference)
    .mutation(({ ctx, input }) => deleteProject(ctx, input.project)),
});
