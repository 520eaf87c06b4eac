import { getTableColumns, getTableName, is, SQL, sql } from "drizzle-orm";
import { PgArray, type PgColumn, type PgTable } from "drizzle-orm/pg-core";

/**
 * Many rows as one statement with one parameter: a JSON array that PostgreSQL reads as rows (json_to_recordset). Building an insert of
 * a value list costs three times as much as everything else that an import does, and its statement differs with the number of rows.
 * Without `replacing` rows that are there already stay as they are; with it those that are the same in these columns take the new values.
 * @param teamId null where each row names its own, or where they are no team's
 * @param list all rows name the same columns; a column that none names gets its default
 * @throws Error for a row that leaves out what others name, where the column's default is PostgreSQL's to compute
 */
export function insertRecords(table: PgTable, teamId: string | null, list: readonly Record<string, unknown>[], replacing: readonly PgColumn[] = []): SQL {
  const columns = Object.entries(getTableColumns(table)).filter(
    ([key, column]) => (key === "teamId" && teamId !== null) || column.defaultFn || list.some((row) => row[key] !== undefined),
  );
  const readers = columns.map(([key, column]) => ({ key, name: column.name, toJson: jsonOf(column) }));
  const records = list.map((row) => {
    const record: Record<string, unknown> = {};
    for (const { key, name, toJson } of readers) record[name] = key === "teamId" && teamId !== null ? teamId : toJson(row[key]);
    return record;
  });
  const names = sql.join(
    columns.map(([, column]) => sql.identifier(column.name)),
    sql`, `,
  );
  // the columns that are named and no others: looking for each of a wide table costs as much as reading what is there
  const types = sql.join(
    columns.map(([, column]) => sql`${sql.identifier(column.name)} ${sql.raw(column.getSQLType())}`),
    sql`, `,
  );
  const named = (column: PgColumn) => sql.identifier(column.name);
  const values = columns.map(([, column]) => sql`${named(column)} = excluded.${named(column)}`);
  const conflict = replacing.length === 0 ? sql`do nothing` : sql`(${sql.join(replacing.map(named), sql`, `)}) do update set ${sql.join(values, sql`, `)}`;
  const target = sql.identifier(getTableName(table));
  return sql`insert into ${target} (${names}) select ${names} from json_to_recordset(${JSON.stringify(records)}::text::json) record (${types}) on conflict ${conflict}`;
}

/** How a column's values stand in JSON, looked at once for all rows. */
function jsonOf(column: PgColumn): (value: unknown) => unknown {
  const type = column.getSQLType();
  const isJson = type.startsWith("json");
  // an array is one of JSON, not PostgreSQL's text for it
  const array = is(column, PgArray) ? column : null;
  const convert = (value: unknown) => {
    if (isJson) return value;
    if (type === "bytea") return `\\x${(value as Buffer).toString("hex")}`;
    return array ? array.mapToDriverValue(value as unknown[], true) : column.mapToDriverValue(value);
  };
  return (value) => {
    const given = value === undefined ? defaultOf(column) : value;
    return given === null ? null : convert(given);
  };
}

function defaultOf(column: PgColumn): unknown {
  if (column.defaultFn) return column.defaultFn();
  if (!column.notNull) return null;
  if (column.primary && column.getSQLType() === "uuid") return crypto.randomUUID();
  if (!column.hasDefault || column.default === undefined || is(column.default, SQL))
    throw new Error(`Some of the rows leave out ${column.name}, which PostgreSQL would have to fill in.`);
  return column.default;
}
