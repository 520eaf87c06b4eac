import pino from "pino";

/** JSON lines on standard output. Secrets are wrapped (`Secret`) and print as `[redacted]`; headers that carry them are never logged. */
export function createLog(name: string, level: string) {
  return pino({ name, level, base: { pid: process.pid }, redact: ["req.headers.authorization", "req.headers.cookie", "*.password", "*.token", "*.secret"] });
}
export type Log = ReturnType<typeof createLog>;
