type Change = { key: string; value: string; secret: boolean; build: boolean };

const text = (form: FormData, name: string) => String(form.get(name) ?? "");

/**
 * What a table of variables asks for. Each row has `key.N`, `value.N`, `secret.N`, `build.N`, `was.N` (its key before, empty for a new one)
 * and `remove.N`; a secret whose value was left masked is not touched.
 */
export function changesOf(form: FormData): { set: Change[]; unset: string[] } {
  const set: Change[] = [];
  const unset: string[] = [];
  for (const row of form.getAll("row").map(String)) {
    const key = text(form, `key.${row}`).trim();
    const was = text(form, `was.${row}`);
    const isRemoved = form.get(`remove.${row}`) === "on";
    if (was !== "" && (isRemoved || (key !== "" && key !== was))) unset.push(was);
    if (isRemoved || key === "") continue;
    const isMasked = form.get(`masked.${row}`) === "on";
    if (isMasked && text(form, `value.${row}`) === "") continue;
    set.push({ key, value: text(form, `value.${row}`), secret: form.get(`secret.${row}`) === "on", build: form.get(`build.${row}`) === "on" });
  }
  return { set, unset };
}

/** A value as `.env` text: quoted when it holds more than a word. */
export function dotenvLine(key: string, value: string | null): string {
  if (value === null) return `# ${key}=•••••••• (secret)`;
  if (/^[\w.\-:/@+,=%&?!*~^()[\]{}|;<>]*$/.test(value)) return `${key}=${value}`;
  const quoted = value.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(/\t/g, "\\t");
  return `${key}="${quoted}"`;
}
