import { z } from "zod";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import { AppError } from "../errors";
import { importLines } from "./import";

/**
 * CDEvents carried by CloudEvents 1.0, taken in as an import. What says nothing about deployments, changes or incidents is accepted and
 * left alone. Sources: cdevents.dev, "Continuous Deployment", "Source Code Control", "Continuous Operations" and "CloudEvents binding".
 */
const reference = z.object({ id: z.string().max(500).optional(), source: z.string().max(500).optional() });
const cdevent = z.object({
  context: z.object({ id: z.string().min(1).max(200), source: z.string().max(500), type: z.string().max(200), timestamp: z.string().max(40) }),
  subject: z.object({
    id: z.string().min(1).max(500),
    content: z
      .object({
        environment: reference.optional(),
        artifactId: z.string().max(500).optional(),
        service: reference.optional(),
        repository: reference.optional(),
      })
      .default({}),
  }),
});
export type CdEvent = z.infer<typeof cdevent>;
export type EventPlace = { project?: string | undefined; app?: string | undefined };

const DEFAULT_PROJECT = "cdevents";
/** The last part of a path-like id, as a name. */
const nameOf = (id: string | undefined): string | undefined =>
  id
    ?.split("/")
    .filter(Boolean)
    .at(-1)
    ?.replace(/\.git$/, "")
    .replace(/[^\w.-]/g, "-")
    .slice(0, 100);
/** What identifies an artifact: the digest or version of a package URL. */
const versionOf = (artifact: string | undefined): string | undefined =>
  artifact
    ?.split("@")
    .at(-1)
    ?.split("?")[0]
    ?.replace(/^sha256:|^sha256%3A/i, "")
    .replace(/[^\w.:-]/g, "-")
    .slice(0, 64);

function linesOf({ context, subject }: CdEvent, place: EventPlace): object[] {
  const [, , kind = "", verb = ""] = context.type.split(".");
  const { environment, artifactId, service, repository } = subject.content;
  const project = place.project ?? DEFAULT_PROJECT;
  const where = nameOf(environment?.id) ?? "production";
  if (kind === "service" && ["deployed", "upgraded", "rolledback"].includes(verb)) {
    const version = versionOf(artifactId);
    const app = place.app ?? nameOf(subject.id) ?? "unnamed";
    const at = context.timestamp;
    const deploymentKind = verb === "rolledback" ? "rollback" : "code";
    const live = { outcome: "succeeded", createdAt: at, liveAt: at, finishedAt: at, ...(version ? { commit: version } : {}) };
    return [{ kind: "deployment", project, app, environment: where, tier: where, id: `${context.source} ${context.id}`.slice(-200), deploymentKind, ...live }];
  }
  if (kind === "change" && verb === "merged") {
    const app = place.app ?? nameOf(repository?.id) ?? "unnamed";
    return [{ kind: "commit", project, app, sha: nameOf(subject.id), authoredAt: context.timestamp }];
  }
  if (kind === "incident") {
    const app = place.app ?? nameOf(service?.id);
    const time = { detected: "detectedAt", reported: "alertedAt", resolved: "verifiedAt" }[verb];
    return time ? [{ kind: "incident", project, ...(app ? { app } : {}), environment: where, id: subject.id.slice(0, 200), [time]: context.timestamp }] : [];
  }
  return [];
}

/** @param body of a CloudEvent: the event itself (binary mode) or what its `data` holds (structured mode) @throws AppError `bad_request` */
export async function takeEvent(ctx: TeamContext, place: EventPlace, body: unknown): Promise<{ id: string; taken: number; ignored: boolean; reason?: string }> {
  const structured = z.object({ specversion: z.literal("1.0"), data: z.unknown().optional(), data_base64: z.string().optional() }).safeParse(body);
  const data = structured.success ? (structured.data.data ?? decoded(structured.data.data_base64)) : body;
  const parsed = cdevent.safeParse(typeof data === "string" ? parsedJson(data) : data);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new AppError("bad_request", {
      what: "The body is not a CDEvent in a CloudEvent.",
      why: [issue?.path.join("."), issue?.message].filter(Boolean).join(" "),
    });
  }
  const lines = linesOf(parsed.data, place);
  async function* each() {
    for (const line of lines) yield JSON.stringify(line);
  }
  const result = await importLines(ctx, each());
  const [refused] = result.rejected;
  if (refused && !refused.contradicts) throw new AppError("bad_request", { what: "The event was not taken.", why: refused.error });
  const { id } = parsed.data.context;
  // what is announced again, a little later, is known already: the sender has nothing to mend
  if (refused) return { id, taken: 0, ignored: true, reason: refused.error };
  return { id, taken: result.accepted, ignored: lines.length === 0 };
}

const decoded = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text, "base64").toString("utf8"));
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const SPEC = "0.4.1";
type Live = { id: string; app: string; environment: string; project: string; image: string | null; liveAt: number; kind: string; isFirst: boolean };

/** A deployment of ours that went live, as a CDEvent in a structured CloudEvent. */
export function toCloudEvent(source: string, one: Live) {
  const verb = one.kind === "rollback" ? "rolledback" : one.isFirst ? "deployed" : "upgraded";
  const type = `dev.cdevents.service.${verb}.0.2.0`;
  const timestamp = toIso(one.liveAt);
  const digest = /sha256:[0-9a-f]{64}/.exec(one.image ?? "")?.[0];
  const subject = {
    id: `${one.project}/${one.app}`,
    source,
    type: "service",
    content: { environment: { id: one.environment, source }, artifactId: `pkg:oci/${one.app}${digest ? `@${encodeURIComponent(digest)}` : ""}` },
  };
  return {
    specversion: "1.0",
    id: one.id,
    source,
    type,
    subject: subject.id,
    time: timestamp,
    datacontenttype: "application/json",
    data: { context: { version: SPEC, id: one.id, source, type, timestamp }, subject },
  };
}
