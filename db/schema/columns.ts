import { customType, uuid } from "drizzle-orm/pg-core";

/** Microseconds since the epoch, as an integer: the precision of PostgreSQL's timestamps. Safe until the year 2255. */
export type Micros = number;

/** `2026-03-20T14:19:26.123456Z` of an instant in microseconds. */
export function toIso(at: Micros): string {
  const seconds = Math.floor(at / 1_000_000);
  const fraction = String(at - seconds * 1_000_000).padStart(6, "0");
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** Parses ISO 8601 and PostgreSQL's own form (`2026-03-20 14:19:26.123456+00`). @throws RangeError when it is neither. */
export function fromIso(text: string): Micros {
  const match = /^(.*?:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(text.trim());
  const zone = match?.[3] ?? "Z";
  const offset = zone.length === 3 ? `${zone}:00` : zone;
  const whole = match ? Date.parse(`${match[1]?.replace(" ", "T")}${offset}`) : Date.parse(text);
  if (Number.isNaN(whole)) throw new RangeError(`not an instant: ${text}`);
  return whole * 1000 + (match ? Number((match[2] ?? "").padEnd(6, "0").slice(0, 6)) : 0);
}

/** `timestamptz` read and written as integer microseconds, so that durations add up exactly. */
export const instant = customType<{ data: Micros; driverData: string }>({
  dataType: () => "timestamp with time zone",
  toDriver: toIso,
  fromDriver: fromIso,
});

export const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" });

export const id = () => uuid("id").primaryKey().defaultRandom();
/** Every row of a tenant carries its team: the column that the scoped accessor and row-level security filter by. */
export const teamId = () => uuid("team_id").notNull();
