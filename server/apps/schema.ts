import { z } from "zod";

export const STRATEGIES = ["blue-green", "canary", "rolling", "recreate"] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** DNS label: it becomes part of host names, service labels and file names. */
export const nameSchema = z
  .string()
  .trim()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, "Use 1 to 40 lower-case letters, digits and hyphens, beginning and ending with a letter or digit.");

const noControl = (text: string) => !/[\u0000-\u001f\u007f]/.test(text);
const line = (max: number) => z.string().max(max).refine(noControl, "Control characters and line breaks are not allowed.");

export const gitUrlSchema = line(2000)
  .min(1)
  .refine((url) => !url.startsWith("-"), "A repository address does not begin with a hyphen.")
  .refine(
    (url) => /^(https?|ssh):\/\/[^\s]+$/.test(url) || /^[\w.-]+@[\w.-]+:[^\s-][^\s]*$/.test(url) || url.startsWith("/") || url.startsWith("file:///"),
    "Use an https://, ssh:// or git@host:path address.",
  )
  .refine((url) => !/^https?:\/\/[^/]*:[^/]*@/.test(url), "Put no password into the address: store a credential and name it.");

/** A branch or tag name that Git accepts (git-check-ref-format) and that is no option. */
export const refNameSchema = line(250)
  .min(1)
  .refine(
    (name) => !name.startsWith("-") && !/(\.\.|@\{|[\s~^:?*[\\]|\/\/|^\/|\/$|\.$|\.lock(\/|$)|^\.|\/\.)/.test(name) && name !== "@",
    "This is not a name that Git allows for a branch or tag.",
  );

/** A folder or file inside the repository. */
export const insidePathSchema = line(500)
  .transform((path) => path.replace(/^\.?\/+/, "").replace(/\/+$/, ""))
  .refine((path) => !path.split("/").includes("..") && !path.startsWith("-"), "Give a path inside the repository, without “..”.");

export const imageReferenceSchema = line(500).regex(
  /^(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/,
  "This is not an image reference such as registry.example.com/team/app:1.2.",
);

export const healthPathSchema = line(500).regex(
  /^\/(?:(?!["\\#`])[!-~])*$/,
  "A path begins with / and has no spaces, quotes, backticks or letters beyond ASCII (write those as %XX).",
);

export const healthSchema = z.object({
  kind: z.enum(["http", "tcp"]).default("http"),
  path: healthPathSchema.default("/"),
  timeoutS: z.int().min(1).max(900).default(60),
  successes: z.int().min(1).max(20).default(2),
  intervalMs: z.int().min(20).max(10_000).default(50),
  startGraceS: z.int().min(0).max(600).default(0),
});
export type Health = z.infer<typeof healthSchema>;

export const resourcesSchema = z.object({
  memoryBytes: z
    .int()
    .min(6 * 1024 * 1024)
    .max(1024 ** 4)
    .optional(),
  cpus: z.number().min(0.01).max(256).optional(),
  reservedMemoryBytes: z
    .int()
    .min(0)
    .max(1024 ** 4)
    .optional(),
  reservedCpus: z.number().min(0).max(256).optional(),
});
export type Resources = z.infer<typeof resourcesSchema>;

export type Slot = "a" | "b";
export type Slots = Record<Slot, { port: number; weight: number }>;

export const portSchema = z.int().min(1).max(65_535);
export const replicasSchema = z.int().min(1).max(100);
const buildArgsSchema = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), line(4000));

export const strategySchema = z.enum(STRATEGIES, { error: `The strategy is one of ${STRATEGIES.join(", ")}.` });

/** How a canary goes: shares of the traffic, each held for a time; it is taken back when it does worse than this. */
export const canarySchema = z.object({
  steps: z
    .array(z.object({ weight: z.int().min(1).max(99), holdS: z.int().min(0).max(3600) }))
    .min(1)
    .max(10)
    .refine((steps) => steps.every((step, at) => at === 0 || step.weight > (steps[at - 1]?.weight ?? 0)), "Each step's weight is larger than the one before.")
    .default([
      { weight: 5, holdS: 30 },
      { weight: 25, holdS: 30 },
      { weight: 50, holdS: 30 },
    ]),
  /** Answers of 500 and above, per cent of the new release's. */
  maxErrorPercent: z.number().min(0).max(100).default(2),
  /** How many times as long as the old release's 95 % of the new one's answers may take. */
  maxSlowdown: z.number().min(1).max(100).default(3),
  /** With fewer answers than this a step says nothing about errors or latency, and passes. */
  minRequests: z.int().min(1).max(100_000).default(20),
});
export type Canary = z.infer<typeof canarySchema>;

/** A named volume, kept from release to release. Unless it is shared, one task may have it at a time. */
export const volumeSchema = z.object({
  name: nameSchema,
  path: line(300)
    .regex(/^\/(?:[\w.@-]+\/?)+$/, "A volume's place is an absolute path in the container, of letters, digits and . _ - @")
    .refine((path) => !path.split("/").includes("..") && path !== "/", "A path has no “..”, and the root cannot be a volume.")
    .transform((path) => path.replace(/\/+$/, "")),
  shared: z.boolean().default(false),
});
export type Volume = z.infer<typeof volumeSchema>;
const volumesSchema = z
  .array(volumeSchema)
  .max(20)
  .refine((list) => new Set(list.map((one) => one.name)).size === list.length && new Set(list.map((one) => one.path)).size === list.length, {
    message: "Two volumes have the same name or the same path.",
  });

/** A rule on which nodes an application may run: a label that a node has, or has not. Swarm takes it as it is, so it is strictly one. */
export const placementSchema = z
  .array(
    z
      .string()
      .trim()
      .max(160)
      .regex(
        /^node\.labels\.[a-z](?:[a-z0-9._-]{0,61}[a-z0-9])?[!=]=[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
        "A placement rule is node.labels.KEY==VALUE or node.labels.KEY!=VALUE, for instance node.labels.disk==ssd.",
      ),
  )
  .max(20)
  .refine((rules) => new Set(rules).size === rules.length, "The same placement rule is given twice.");
/** What of a repository is an application's: a push that changes nothing of it is not deployed, and its commits do not count. */
export const watchPathsSchema = z
  .array(insidePathSchema.refine((path) => path !== "", "Name a folder or a file; none at all is the whole repository."))
  .max(50, "At most 50 paths can be watched.");

const buildFields = {
  dockerfile: insidePathSchema.nullish(),
  buildTarget: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,127}$/)
    .nullish(),
  buildArgs: buildArgsSchema.optional(),
  port: portSchema.nullish(),
  replicas: replicasSchema.optional(),
  strategy: strategySchema.optional(),
  canary: canarySchema.partial().optional(),
  volumes: volumesSchema.optional(),
  placement: placementSchema.optional(),
  maxReplicasPerNode: replicasSchema.nullish(),
  healthPath: healthPathSchema.optional(),
  health: healthSchema.partial().optional(),
  resources: resourcesSchema.optional(),
  releaseCommand: line(2000).nullish(),
  autoDeploy: z.boolean().optional(),
  watchPaths: watchPathsSchema.optional(),
  stopGraceS: z.int().min(0).max(600).optional(),
  drainS: z.int().min(0).max(600).optional(),
  bakeS: z.int().min(0).max(3600).optional(),
  retainedReleases: z.int().min(1).max(100).optional(),
};

export const createAppSchema = z
  .object({
    name: nameSchema,
    project: z.string().min(1).max(100),
    environment: nameSchema.default("production"),
    git: gitUrlSchema.optional(),
    branch: refNameSchema.optional(),
    path: insidePathSchema.optional(),
    image: imageReferenceSchema.optional(),
    credential: z.string().max(100).optional(),
    ...buildFields,
  })
  .refine((app) => (app.git === undefined) !== (app.image === undefined), { message: "Give either a Git repository or an image.", path: ["git"] });
export type CreateApp = z.infer<typeof createAppSchema>;

export const updateAppSchema = z.object({
  name: nameSchema.optional(),
  git: gitUrlSchema.optional(),
  branch: refNameSchema.optional(),
  path: insidePathSchema.optional(),
  image: imageReferenceSchema.optional(),
  credential: z.string().max(100).nullish(),
  ...buildFields,
});
export type UpdateApp = z.infer<typeof updateAppSchema>;

export const variableKeySchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, "A key has letters, digits and underscores, and does not begin with a digit.");
export const variableSchema = z.object({
  key: variableKeySchema,
  value: z
    .string()
    .max(65_536)
    .refine((value) => !value.includes("\u0000"), "A value cannot hold a NUL character."),
  secret: z.boolean().optional(),
  build: z.boolean().optional(),
});
export type Variable = z.infer<typeof variableSchema>;
/** Keys that the platform sets itself. */
export const RESERVED_KEYS = ["DOKPLOY_COMMIT", "DOKPLOY_DEPLOYMENT", "DOKPLOY_ENVIRONMENT"] as const;

export const hostSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .regex(
    /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/,
    "This is not a host name such as shop.example.com.",
  );
export const routePathSchema = line(200)
  .regex(/^\/(?:[A-Za-z0-9/_.~-]|%[0-9A-Fa-f]{2})*$/, "A path begins with / and has letters, digits, - _ . ~ and %XX only.")
  .refine((path) => !path.includes("//") && !path.split("/").some((part) => part === "." || part === ".."), "A path has no empty, “.” or “..” parts.");
export const TLS_MODES = ["auto", "off", "own"] as const;

/** What the API answers for an application (`contract.md`, App). */
export type App = {
  id: string;
  name: string;
  project: string;
  environment: string;
  url: string | null;
  domains: { host: string; path: string; tls: "auto" | "off" | "own" }[];
  source: { git: string; branch: string; path: string } | { image: string };
  port: number | null;
  replicas: number;
  strategy: Strategy;
  health: Health;
  status: AppStatus;
  release: number | null;
  webhook: { url: string; secret?: string };
  createdAt: string;
  settings: AppSettings;
  runningReplicas: number;
  activeSlot: "a" | "b" | null;
  projectId: string;
  environmentId: string;
};
export type AppStatus = "never_deployed" | "healthy" | "degraded" | "down" | "stopped";
export type AppSettings = {
  dockerfile: string | null;
  buildTarget: string | null;
  buildArgs: Record<string, string>;
  resources: Resources;
  releaseCommand: string | null;
  autoDeploy: boolean;
  watchPaths: string[];
  stopGraceS: number;
  drainS: number;
  bakeS: number;
  retainedReleases: number;
  credential: string | null;
  canary: Canary;
  volumes: Volume[];
  /** `node.labels.KEY==VALUE` or `!=`: all of them must hold. */
  placement: string[];
  maxReplicasPerNode: number | null;
};
