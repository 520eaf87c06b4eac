export type Cell = string | number | boolean | null | undefined;
export type Table = { header: string[]; rows: Cell[][] };

/** What a spreadsheet would take for a formula; numbers are no danger and stay numbers. */
const FORMULA = /^[\s]*[=+\-@\t\r]/;

/** RFC 4180, a line each. A text that a spreadsheet would run as a formula is led by an apostrophe (OWASP, CSV injection). */
export function toCsv({ header, rows }: Table): string {
  return [header, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(value: Cell): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
