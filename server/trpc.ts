import { initTRPC } from "@trpc/server";
import superjson from "superjson";
import { ZodError } from "zod";
import { type Identity, requireAdministrator, requireScope, type Services, teamContext } from "./context";
import type { Table } from "./csv";
import { AppError, type Explanation } from "./errors";
import { explainInput } from "./explain-input";
import { toTrpcError } from "./http/map-error";

export type RequestContext = {
  services: Services;
  identity: Identity | null;
  /** The caller's network address, for rate limits. */
  address: string;
  isSecure: boolean;
  setCookie: (cookie: string) => void;
};
/** Where a procedure is found under `/api/v1`, when it is part of the REST interface. */
export type RestMeta = { rest?: { method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE"; path: string; status?: number; summary: string; csv?: Csv } };
/** How an answer reads as a table, for `?format=csv`. `input` is what is asked then, whatever the address says. */
export type Csv = { table: (answer: unknown, input: unknown) => Table; input?: Record<string, unknown> };

const t = initTRPC
  .context<RequestContext>()
  .meta<RestMeta>()
  .create({
    transformer: superjson,
    sse: { ping: { enabled: true, intervalMs: 5_000 }, client: { reconnectAfterInactivityMs: 15_000 }, maxDurationMs: 30 * 60_000 },
    errorFormatter({ shape, error }) {
      const cause = error.cause;
      const explanation: Explanation & { code: string } =
        cause instanceof AppError
          ? { code: cause.code, ...cause.explanation }
          : cause instanceof ZodError
            ? { code: "bad_request", ...explainInput(cause) }
            : { code: "internal", what: "Something went wrong on our side.", fix: "Try again; the log of the web process says more." };
      return { ...shape, message: explanation.what, data: { code: shape.data.code, httpStatus: shape.data.httpStatus, path: shape.data.path, explanation } };
    },
  });

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

const mapped = t.procedure.use(async ({ next }) => {
  const result = await next();
  if (!result.ok) throw toTrpcError(result.error);
  return result;
});

/** For everybody. */
export const open = mapped;

const signedIn = mapped.use(({ ctx, next }) => {
  if (!ctx.identity) throw new AppError("not_signed_in", { what: "You are not signed in.", fix: "Sign in, or send a token: Authorization: Bearer …" });
  return next({ ctx: { ...ctx, identity: ctx.identity, ...teamContext(ctx.services, ctx.identity) } });
});
const permits = (scope: "read" | "write" | "admin") =>
  signedIn.use(({ ctx, next }) => {
    requireScope(ctx.identity.actor, scope);
    return next();
  });

/** For what belongs to the installation and to no team. */
export const administersInstallation = signedIn.use(({ ctx, next }) => {
  requireAdministrator(ctx.identity.actor);
  return next();
});

export const reads = permits("read");
export const writes = permits("write");
export const administers = permits("admin");
