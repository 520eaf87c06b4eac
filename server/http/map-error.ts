import { TRPCError } from "@trpc/server";
import { ZodError } from "zod";
import { isDatabaseAway } from "../database-away";
import { AppError, type ErrorCode, HTTP_STATUS } from "../errors";
import { explainInput } from "../explain-input";

const TRPC_CODE: Record<ErrorCode, TRPCError["code"]> = {
  bad_request: "BAD_REQUEST",
  not_signed_in: "UNAUTHORIZED",
  not_allowed: "FORBIDDEN",
  not_found: "NOT_FOUND",
  name_taken: "CONFLICT",
  conflict: "CONFLICT",
  too_large: "PAYLOAD_TOO_LARGE",
  unsupported: "UNPROCESSABLE_CONTENT",
  too_many: "TOO_MANY_REQUESTS",
  internal: "INTERNAL_SERVER_ERROR",
  unavailable: "SERVICE_UNAVAILABLE",
};
/** Every error as ours: input errors, a database that is away, and what nobody expected. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof ZodError) return new AppError("bad_request", explainInput(error), error);
  if (error instanceof TRPCError && error.cause) return toAppError(error.cause);
  if (error instanceof TRPCError && error.code === "NOT_FOUND") return new AppError("not_found", { what: error.message }, error);
  if (error instanceof TRPCError && error.code === "BAD_REQUEST") return new AppError("bad_request", { what: error.message }, error);
  const bodyError = (error as { type?: unknown } | null)?.type;
  if (bodyError === "entity.parse.failed") return new AppError("bad_request", { what: "The body is not valid JSON.", fix: "Send application/json." }, error);
  if (bodyError === "entity.too.large") return new AppError("too_large", { what: "The body is too large." }, error);
  if (isDatabaseAway(error))
    return new AppError("unavailable", { what: "The database is away.", why: "It may be starting again.", fix: "Try again in a few seconds." }, error);
  return new AppError("internal", { what: "Something went wrong on our side.", fix: "Try again; the log of the web process says more." }, error);
}

export function toTrpcError(error: unknown): TRPCError {
  const mapped = toAppError(error);
  return new TRPCError({ code: TRPC_CODE[mapped.code], message: mapped.explanation.what, cause: mapped });
}

/** RFC 9457. */
export function toProblem(error: unknown): { status: number; body: Record<string, unknown> } {
  const { code, explanation } = toAppError(error);
  const status = HTTP_STATUS[code];
  return {
    status,
    body: {
      type: `urn:dokploy:error:${code}`,
      title: explanation.what,
      status,
      ...(explanation.why ? { detail: explanation.why } : {}),
      ...(explanation.fix ? { fix: explanation.fix } : {}),
      code,
    },
  };
}
