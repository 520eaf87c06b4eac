import { TRPCClientError } from "@trpc/client";

export type Failure = { code: string; what: string; why?: string; fix?: string };

export const EXIT = { done: 0, failed: 1, usage: 2, notAllowed: 3, notFound: 4, server: 5 } as const;

/** An error with the exit status that it ends the program with. */
export class CliError extends Error {
  constructor(
    readonly exit: number,
    readonly failure: Failure,
  ) {
    super(failure.what);
  }
}

export const usageError = (what: string, fix?: string) => new CliError(EXIT.usage, { code: "usage", what, ...(fix ? { fix } : {}) });
/** What a later version brings is refused, never accepted and ignored. */
export const laterError = (what: string) => new CliError(EXIT.usage, { code: "unsupported", what: `${what} comes with a later version.` });

const EXIT_OF: Record<string, number> = {
  bad_request: EXIT.usage,
  unsupported: EXIT.usage,
  too_large: EXIT.usage,
  name_taken: EXIT.usage,
  not_signed_in: EXIT.notAllowed,
  not_allowed: EXIT.notAllowed,
  not_found: EXIT.notFound,
  conflict: EXIT.failed,
  too_many: EXIT.failed,
  unavailable: EXIT.server,
  internal: EXIT.server,
};

/** Any error as ours: the server's own words, or that it could not be reached. */
export function toCliError(error: unknown, url: string): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof TRPCClientError) {
    const explanation = (error.data as { explanation?: Failure } | undefined)?.explanation;
    if (explanation) return new CliError(EXIT_OF[explanation.code] ?? EXIT.server, explanation);
    return new CliError(EXIT.server, unreachable(url, error.cause ?? error));
  }
  if (error instanceof TypeError && error.message === "fetch failed") return new CliError(EXIT.server, unreachable(url, error.cause));
  return new CliError(EXIT.server, { code: "internal", what: error instanceof Error ? error.message : String(error) });
}

function unreachable(url: string, cause: unknown): Failure {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return {
    code: "unreachable",
    what: `${url} cannot be reached.`,
    why: inner instanceof Error ? inner.message : String(inner),
    fix: "Check --url or DOKPLOY_URL, and that the dashboard runs: bin/up --status",
  };
}

/** RFC 9457 answers of the REST interface, which streams come from. */
export function problemError(status: number, body: Record<string, unknown>): CliError {
  const code = typeof body.code === "string" ? body.code : "internal";
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  const why = text(body.detail);
  const fix = text(body.fix);
  return new CliError(EXIT_OF[code] ?? EXIT.server, {
    code,
    what: text(body.title) ?? `The server answered ${status}.`,
    ...(why ? { why } : {}),
    ...(fix ? { fix } : {}),
  });
}
