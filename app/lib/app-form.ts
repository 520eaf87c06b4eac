import { NotationError, readCanarySteps, readPlacement, readVolumes } from "../../server/apps/notation";

const text = (form: FormData, name: string): string | undefined => {
  const value = form.get(name);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
};
const number = (form: FormData, name: string): number | undefined => {
  const value = text(form, name);
  return value === undefined ? undefined : Number(value);
};
const defined = <T extends Record<string, unknown>>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;

/** What the form for a new application says, for `createAppSchema` on both sides. */
export function newAppOf(form: FormData, project: string): Record<string, unknown> {
  const isImage = form.get("source") === "image";
  const source = isImage ? { image: text(form, "image") } : { git: text(form, "git"), branch: text(form, "branch"), path: text(form, "path") };
  return defined({
    name: text(form, "name") ?? "",
    project,
    environment: text(form, "environment"),
    ...source,
    credential: text(form, "credential"),
    port: number(form, "port"),
    healthPath: text(form, "healthPath"),
    replicas: number(form, "replicas"),
  });
}

/** One section of the settings page, for `updateAppSchema`. An emptied field is taken back to its default. */
export function settingsOf(form: FormData): Record<string, unknown> {
  switch (form.get("section")) {
    case "source":
      return defined({
        git: text(form, "git"),
        branch: text(form, "branch"),
        path: form.has("path") ? (text(form, "path") ?? "") : undefined,
        image: text(form, "image"),
        credential: text(form, "credential") ?? null,
        dockerfile: form.has("dockerfile") ? (text(form, "dockerfile") ?? null) : undefined,
        buildTarget: form.has("buildTarget") ? (text(form, "buildTarget") ?? null) : undefined,
        watchPaths: form.has("watchPaths")
          ? (text(form, "watchPaths") ?? "")
              .split(/[,\n]/)
              .map((path) => path.trim())
              .filter((path) => path !== "")
          : undefined,
        autoDeploy: form.has("git") ? form.get("autoDeploy") === "on" : undefined,
      });
    case "running":
      return defined({
        replicas: number(form, "replicas"),
        port: number(form, "port") ?? null,
        strategy: text(form, "strategy"),
        canary: form.has("canarySteps") && text(form, "canarySteps") ? { steps: read(readCanarySteps, form, "canarySteps") } : undefined,
        volumes: form.has("volumes") ? read(readVolumes, form, "volumes") : undefined,
        placement: form.has("placement") ? readPlacement(text(form, "placement") ?? "") : undefined,
        maxReplicasPerNode: form.has("maxReplicasPerNode") ? (number(form, "maxReplicasPerNode") ?? null) : undefined,
        bakeS: number(form, "bakeS"),
        releaseCommand: text(form, "releaseCommand") ?? null,
        stopGraceS: number(form, "stopGraceS"),
        drainS: number(form, "drainS"),
        retainedReleases: number(form, "retainedReleases"),
      });
    case "health":
      return {
        health: defined({
          kind: text(form, "kind"),
          path: text(form, "healthPath"),
          timeoutS: number(form, "timeoutS"),
          successes: number(form, "successes"),
          intervalMs: number(form, "intervalMs"),
          startGraceS: number(form, "startGraceS"),
        }),
      };
    default:
      return {};
  }
}

/** @throws NotationError with the field's name */
function read<T>(reader: (written: string) => T, form: FormData, name: string): T {
  try {
    return reader(text(form, name) ?? "");
  } catch (error) {
    if (error instanceof NotationError) error.field = name;
    throw error;
  }
}

/** The schema's paths by the names that the form's fields have. */
export const FIELD_NAMES: Record<string, string> = {
  ...Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`placement.${at}`, "placement"])),
  "health.path": "healthPath",
  "health.timeoutS": "timeoutS",
  "health.successes": "successes",
  "health.intervalMs": "intervalMs",
  "health.startGraceS": "startGraceS",
  "health.kind": "kind",
};
