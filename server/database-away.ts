/** Of the connection (Node, postgres.js), of a server that starts or ends, and of transactions that PostgreSQL asks to have tried again. */
const CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "57P01",
  "57P02",
  "57P03",
  "53300",
  "40P01",
  "40001",
]);

/**
 * Whether an error says that PostgreSQL could not be asked, and may be asked again in a moment. One that was explained already is what its
 * explanation says: the engine, too, refuses connections.
 */
export function isDatabaseAway(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error && !("explanation" in cause); cause = cause.cause) {
    const code = (cause as { code?: unknown }).code;
    if (typeof code === "string" && CODES.has(code)) return true;
  }
  return false;
}
