/** What went wrong, why, and how to put it right: the same three sentences reach page, API and command line. */
export type Explanation = { what: string; why?: string; fix?: string };

export type ErrorCode =
  | "bad_request"
  | "not_signed_in"
  | "not_allowed"
  | "not_found"
  | "name_taken"
  | "conflict"
  | "too_large"
  | "too_many"
  | "unavailable"
  | "unsupported"
  | "internal";

/** The one error that services throw. Transports map it in one place (`server/http/map-error.ts`). */
export class AppError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly explanation: Explanation,
    cause?: unknown,
  ) {
    super(explanation.what, { cause });
    this.name = "AppError";
  }
}
