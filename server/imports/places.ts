import { randomBytes } from "node:crypto";
import { and, eq, isNull } from "drizzle-orm";
import { apps, deployments, environments, projects } from "../../db/schema";
import { healthSchema } from "../apps/schema";
import type { TeamContext } from "../context";
import type { TeamRows } from "../data/team-data";
import { isUuid } from "../projects/service";
import { importedDeployment } from "./identity";

const TIERS: Record<string, string> = { production: "production", staging: "staging", preview: "preview" };

/**
 * Projects, environments and applications by the names that an import uses. Unknown ones are created and marked as imported; each is
 * looked for once.
 */
export class Places {
  private readonly projects = new Map<string, string>();
  private readonly environments = new Map<string, string>();
  private readonly apps = new Map<string, string>();
  private readonly deployments = new Map<string, string>();

  constructor(
    private readonly ctx: TeamContext,
    private readonly rows: TeamRows,
  ) {}

  async project(name: string): Promise<string> {
    const known = this.projects.get(name);
    if (known) return known;
    const find = () => this.rows.first(projects, eq(projects.name, name));
    const row = (await find()) ?? (await this.rows.insert(projects, { name, createdAt: this.ctx.now() })) ?? (await find());
    return remember(this.projects, name, row?.id);
  }

  async environment(project: string, name: string, tier: string | undefined): Promise<string> {
    const projectId = await this.project(project);
    const key = `${projectId} ${name}`;
    const known = this.environments.get(key);
    if (known) return known;
    const find = () => this.rows.first(environments, and(eq(environments.projectId, projectId), eq(environments.name, name)));
    const network = `dkp-${randomBytes(8).toString("hex")}`;
    const fresh = { projectId, name, tier: tier ?? TIERS[name] ?? "development", network, createdAt: this.ctx.now() };
    const row = (await find()) ?? (await this.rows.insert(environments, fresh)) ?? (await find());
    return remember(this.environments, key, row?.id);
  }

  async app(project: string, environment: string, tier: string | undefined, name: string) {
    const projectId = await this.project(project);
    const environmentId = await this.environment(project, environment, tier);
    const key = `${environmentId} ${name}`;
    const known = this.apps.get(key);
    if (known) return { projectId, environmentId, appId: known };
    const find = () => this.rows.first(apps, and(eq(apps.environmentId, environmentId), eq(apps.name, name), isNull(apps.deletedAt)));
    const row = (await find()) ?? (await this.rows.insert(apps, this.newApp(projectId, environmentId, name))) ?? (await find());
    return { projectId, environmentId, appId: remember(this.apps, key, row?.id) };
  }

  /** A deployment that a line refers to: one of our own by its id, else the imported one of that name, there yet or not. */
  async deployment(id: string): Promise<string> {
    const known = this.deployments.get(id);
    if (known) return known;
    const own = isUuid(id) ? await this.rows.first(deployments, and(eq(deployments.id, id), eq(deployments.imported, false))) : null;
    return remember(this.deployments, id, own?.id ?? importedDeployment(this.ctx.team.id, id));
  }

  private newApp(projectId: string, environmentId: string, name: string) {
    const id = crypto.randomUUID();
    return {
      id,
      projectId,
      environmentId,
      name,
      imported: true,
      autoDeploy: false,
      health: healthSchema.parse({}),
      webhookSecret: this.ctx.key.seal(randomBytes(32).toString("hex"), `webhook:${id}`),
      slotA: `s${randomBytes(8).toString("hex")}`,
      slotB: `s${randomBytes(8).toString("hex")}`,
      createdAt: this.ctx.now(),
    };
  }
}

function remember(map: Map<string, string>, key: string, id: string | undefined): string {
  if (id === undefined) throw new Error(`The place ${key} could not be made.`);
  map.set(key, id);
  return id;
}
