import { text } from "node:stream/consumers";
import { z } from "zod";
import { migrateDatabase } from "./migrate";

const role = z.object({ name: z.string(), password: z.string().min(16) });
const input = z.object({ roles: z.object({ web: role, worker: role }), migrations: z.string().optional() }).parse(JSON.parse(await text(process.stdin)));
const url = z.string({ error: "DATABASE_ADMIN_URL is missing" }).parse(process.env.DATABASE_ADMIN_URL);

await migrateDatabase(url, input.roles, input.migrations ?? "db/migrations");
