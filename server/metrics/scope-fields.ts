import { z } from "zod";
import { toIso } from "../../db/schema/columns";
import type { Window } from "./calendar";

const reference = z.string().min(1).max(100).optional();
/** REST sends text, the typed client a boolean. */
export const flag = z.union([z.boolean(), z.enum(["true", "false", "1", "0"]).transform((text) => text === "true" || text === "1")]).default(false);
/** What a question about metrics may be asked of, and of which time. */
export const scopeFields = { project: reference, app: reference, environment: reference };
export const windowFields = { from: z.string().max(40).optional(), to: z.string().max(40).optional(), tz: z.string().max(60).optional() };
export const windowView = ({ from, to, tz }: Window) => ({ from: toIso(from), to: toIso(to), tz });
