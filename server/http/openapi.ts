import { z } from "zod";
import type { RestProcedure } from "./rest";

type Schema = { type?: string; properties?: Record<string, object>; required?: string[] };

const problem = {
  type: "object",
  description: "RFC 9457 problem details",
  required: ["title", "status", "code"],
  properties: {
    type: { type: "string" },
    title: { type: "string", description: "What went wrong" },
    status: { type: "integer" },
    detail: { type: "string", description: "Why" },
    fix: { type: "string", description: "How to put it right" },
    code: { type: "string" },
  },
};

/** OpenAPI 3.1 of `/api/v1`, made from the procedures themselves. */
export function openApiDocument(procedures: RestProcedure[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { name, rest, input } of procedures) {
    const schema = inputSchema(input);
    const inPath = [...rest.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
    const others = Object.entries(schema.properties ?? {}).filter(([key]) => !inPath.includes(key));
    const isRead = rest.method === "GET" || rest.method === "DELETE";
    const body =
      name === "apps.update"
        ? schema.properties?.settings
        : { type: "object", properties: Object.fromEntries(others), required: (schema.required ?? []).filter((key) => !inPath.includes(key)) };
    const place = `/api/v1${rest.path}`;
    paths[place] = {
      ...paths[place],
      [rest.method.toLowerCase()]: {
        operationId: name,
        summary: rest.summary,
        parameters: [
          ...(rest.csv ? [{ name: "format", in: "query", required: false, schema: { enum: ["json", "csv"] } }] : []),
          ...inPath.map((key) => ({ name: key, in: "path", required: true, schema: { type: "string" } })),
          ...(isRead
            ? others.map(([key, value]) => ({
                name: key,
                in: "query",
                required: schema.required?.includes(key) === true && !("default" in value),
                schema: value,
              }))
            : [{ name: "Idempotency-Key", in: "header", required: false, schema: { type: "string", maxLength: 200 } }]),
        ],
        ...(isRead ? {} : { requestBody: { required: others.length > 0, content: { "application/json": { schema: body } } } }),
        responses: {
          [String(rest.status ?? 200)]: {
            description: "Done",
            content: { "application/json": { schema: {} }, ...(rest.csv ? { "text/csv": { schema: { type: "string" } } } : {}) },
          },
          default: { description: "Refused or failed", content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } },
        },
      },
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Dokploy",
      version: "1",
      description: "The procedures of the typed client as REST. Lists answer {items, nextCursor}; times are ISO 8601 UTC, durations seconds, sizes bytes.",
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      schemas: { Problem: problem },
      securitySchemes: { bearer: { type: "http", scheme: "bearer" }, session: { type: "apiKey", in: "cookie", name: "dokploy_session" } },
    },
  };
}

function inputSchema(input: unknown): Schema {
  if (!(input instanceof z.ZodType)) return {};
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as Schema & { $schema?: string };
  return schema;
}
