/** What went wrong, why, and how to put it right: the same three sentences reach page, API and command line. */
export type Explanation = { what: string; why?: string; fix?: string };

/** Each code of an error, and its HTTP status. */
export const HTTP_STATUS = {
  bad_request: 400,
  not_signed_in: 401,
  not_allowed: 403,
  not_found: 404,
  name_taken: 409,
  conflict: 409,
  too_large: 413,
  unsupported: 422,
  too_many: 429,
  internal: 500,
  unavailable: 503,
} as const;
export type ErrorCode = keyof typeof HTTP_STATUS;

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
