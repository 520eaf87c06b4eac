import { z } from "zod";

const port = z.coerce.number().int().min(1).max(65_535);

const bootSchema = z.object({
  NODE_ENV: z.string().default("production"),
  DOKPLOY_HOME_ID: z.string().regex(/^[a-z0-9-]{4,40}$/),
  DOKPLOY_PORT: port.default(3000),
  /** How browsers and Git hosts reach the dashboard. */
  DOKPLOY_PUBLIC_URL: z.string().default(""),
  DOKPLOY_LISTEN: z.string().default("0.0.0.0"),
  DOKPLOY_EDGE_PORT: port.default(8080),
  DATABASE_URL: z.string().min(1),
  REDIS_URL: z.string().min(1),
  /** 32 bytes, base64. There is no default: without it nothing starts. */
  DOKPLOY_MASTER_KEY: z.string().refine((key) => Buffer.from(key, "base64").length === 32, "must be 32 bytes in base64"),
  DOKPLOY_ALLOW_HOSTS: z.string().default(""),
  /** The operator's mail server, `smtp://user:password@host:port` or `smtps://…`; without it notices go by webhook only. */
  SMTP_URL: z
    .string()
    .regex(/^(smtps?:\/\/.+)?$/, "must begin with smtp:// or smtps://")
    .default(""),
  MAIL_FROM: z.string().default("dokploy@localhost"),
  DOKPLOY_PUBLIC_DIR: z.string().default("public"),
  DOKPLOY_LOCAL_REPOSITORIES: z.string().default(""),
  DOKPLOY_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
});
const workerSchema = bootSchema.extend({
  DOKPLOY_HOME: z.string().min(1),
  DOCKER_HOST: z.string().regex(/^(unix:\/\/\/|tcp:\/\/)/),
  REGISTRY: z.string().default(""),
  REGISTRY_USERNAME: z.string().default(""),
  REGISTRY_PASSWORD: z.string().default(""),
  /** "1" for the platform's own: what no release keeps is removed from it too. */
  REGISTRY_OWN: z.enum(["", "1"]).default(""),
  /** PEM in base64, of a registry that no public authority vouches for: machines that join are told to trust it. */
  REGISTRY_CERTIFICATE: z.string().default(""),
  DOKPLOY_EDGE_IMAGE: z.string().default("traefik:v3.6"),
  DOKPLOY_PROBE_PORT: port,
  DOKPLOY_PAGES_URL: z.string().default(""),
  DOKPLOY_WORKER_ID: z.string().min(1),
  /** Where agents listen on the other nodes, and the engine's socket there. */
  DOKPLOY_AGENT_PORT: port.default(7380),
  DOKPLOY_AGENT_SOCKET: z
    .string()
    .regex(/^\/[\w./-]+$/, "must be an absolute path")
    .default("/var/run/docker.sock"),
  /** How many deployments this worker builds at once, and how many all workers together; 0 for the sum of their slots. */
  DOKPLOY_BUILD_SLOTS: z.coerce.number().int().min(1).max(64).default(2),
  DOKPLOY_MOST_BUILDS: z.coerce.number().int().min(0).max(1000).default(0),
  /** What all builds of an engine may use together; 0 for no limit. */
  DOKPLOY_BUILD_MEMORY_MIB: z.coerce.number().int().min(0).optional(),
  DOKPLOY_BUILD_CPUS: z.coerce.number().min(0).max(1024).optional(),
});
export type Env = z.infer<typeof bootSchema>;
export type WorkerEnv = z.infer<typeof workerSchema>;

function read<T>(schema: z.ZodType<T>, source: NodeJS.ProcessEnv): T {
  const parsed = schema.safeParse(source);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
  throw new Error(`Settings are missing or wrong: ${wrong}`);
}

/** The settings that a process needs to start. @throws Error that names every key that is missing or wrong, at once. */
export const readEnv = (source: NodeJS.ProcessEnv = process.env): Env => withPublicUrl(read(bootSchema, source));
export const readWorkerEnv = (source: NodeJS.ProcessEnv = process.env): WorkerEnv => withPublicUrl(read(workerSchema, source));

function withPublicUrl<E extends Env>(env: E): E {
  return { ...env, DOKPLOY_PUBLIC_URL: env.DOKPLOY_PUBLIC_URL || `http://127.0.0.1:${env.DOKPLOY_PORT}` };
}
