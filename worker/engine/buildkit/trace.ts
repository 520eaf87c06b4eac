import protobuf from "protobufjs";
import type { BuildVertex } from "../../ports";

/** Source: moby/buildkit api/services/control/control.proto, StatusResponse; the engine sends it base64 as `moby.buildkit.trace`. */
const { root } = protobuf.parse(
  `
  syntax = "proto3";
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  message Vertex { string digest = 1; repeated string inputs = 2; string name = 3; bool cached = 4; Timestamp started = 5; Timestamp completed = 6; string error = 7; }
  message VertexLog { string vertex = 1; Timestamp timestamp = 2; int64 stream = 3; bytes msg = 4; }
  message VertexWarning { string vertex = 1; int64 level = 2; bytes short = 3; }
  message StatusResponse { repeated Vertex vertexes = 1; repeated VertexLog logs = 3; repeated VertexWarning warnings = 4; }
`,
  { keepCase: true },
);
const statusResponse = root.lookupType("StatusResponse");

type Time = { seconds?: number; nanos?: number } | null | undefined;
type RawVertex = { digest?: string; name?: string; cached?: boolean; started?: Time; completed?: Time; error?: string };
type RawStatus = {
  vertexes?: RawVertex[];
  logs?: { vertex?: string; timestamp?: Time; stream?: number; msg?: Buffer }[];
  warnings?: { vertex?: string; short?: Buffer }[];
};

export type TraceLog = { vertex: string; stream: "stdout" | "stderr"; at: number; data: Buffer };
export type TraceVertex = { digest: string; name: string; cached: boolean; startedAt: number | null; finishedAt: number | null; error: string | null };
export type Trace = { vertices: TraceVertex[]; logs: TraceLog[]; warnings: { vertex: string; text: string }[] };

const STDERR = 2;
const toMicroseconds = (time: Time): number | null => (time ? Number(time.seconds ?? 0) * 1_000_000 + Math.trunc((time.nanos ?? 0) / 1000) : null);

/** Decodes one trace message. Times are microseconds since the epoch. @throws Error when the bytes are no StatusResponse */
export function decodeTrace(data: Buffer): Trace {
  const status = statusResponse.toObject(statusResponse.decode(data), { longs: Number, bytes: Buffer }) as RawStatus;
  return {
    vertices: (status.vertexes ?? []).map((vertex) => ({
      digest: vertex.digest ?? "",
      name: vertex.name ?? "",
      cached: vertex.cached ?? false,
      startedAt: toMicroseconds(vertex.started),
      finishedAt: toMicroseconds(vertex.completed),
      error: vertex.error || null,
    })),
    logs: (status.logs ?? []).map((log) => ({
      vertex: log.vertex ?? "",
      stream: log.stream === STDERR ? "stderr" : "stdout",
      at: toMicroseconds(log.timestamp) ?? Date.now() * 1000,
      data: log.msg ?? Buffer.alloc(0),
    })),
    warnings: (status.warnings ?? []).map((warning) => ({ vertex: warning.vertex ?? "", text: (warning.short ?? Buffer.alloc(0)).toString("utf8") })),
  };
}

/**
 * Puts the states of vertices together: BuildKit tells of one several times, and of some twice from the start (a lookup in the cache, then
 * the work). The first start and the last end count. A vertex that never started was not needed.
 */
export function createVertexTable(): { add(vertices: TraceVertex[]): TraceVertex[]; finished(): BuildVertex[]; nameOf(digest: string): string } {
  const table = new Map<string, TraceVertex>();
  return {
    /** Answers the vertices that began with this message. */
    add(vertices) {
      const begun: TraceVertex[] = [];
      for (const vertex of vertices) {
        const known = table.get(vertex.digest);
        if (vertex.startedAt !== null && (known?.startedAt ?? null) === null) begun.push(vertex);
        table.set(vertex.digest, {
          ...vertex,
          cached: vertex.cached || (known?.cached ?? false),
          startedAt: known?.startedAt ?? vertex.startedAt,
          finishedAt: vertex.finishedAt ?? known?.finishedAt ?? null,
          error: vertex.error ?? known?.error ?? null,
        });
      }
      return begun;
    },
    finished() {
      const vertices: BuildVertex[] = [];
      for (const { digest, name, cached, startedAt, finishedAt, error } of table.values()) {
        if (startedAt !== null && finishedAt !== null) vertices.push({ digest, name, cached, startedAt, finishedAt: Math.max(startedAt, finishedAt), error });
      }
      return vertices.sort((a, b) => a.startedAt - b.startedAt);
    },
    nameOf: (digest) => table.get(digest)?.name ?? "",
  };
}
