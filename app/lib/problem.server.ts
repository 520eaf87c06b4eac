import { type Explanation, HTTP_STATUS } from "../../server/errors";
import type { Problem } from "./types";

export type { Problem } from "./types";

type Issue = { path: PropertyKey[]; message: string };

/** The explanation that a service put into its error; null for an error that nobody expected. */
export function problemOf(error: unknown): Problem | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { explanation, code } = cause as { explanation?: Explanation; code?: unknown };
    if (!explanation || typeof code !== "string") continue;
    return { code, ...explanation, status: HTTP_STATUS[code as keyof typeof HTTP_STATUS] ?? 500, fields: fieldsOf(cause.cause) };
  }
  return null;
}

/** The first sentence for each field that a schema refused. */
export function fieldsOf(error: unknown): Record<string, string> {
  const issues = (error as { issues?: Issue[] } | undefined)?.issues;
  const fields: Record<string, string> = {};
  if (!Array.isArray(issues)) return fields;
  for (const { path, message } of issues) {
    const name = path.filter((part) => part !== "settings").join(".");
    fields[name] ??= message;
  }
  return fields;
}

export function invalid(error: unknown): Problem {
  return { code: "bad_request", what: "Some fields are not right yet.", fix: "See the sentences beside them.", status: 400, fields: fieldsOf(error) };
}
