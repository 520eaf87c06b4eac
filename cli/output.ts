export type Output = {
  isJson: boolean;
  /** The one document of `--json`; else nothing. */
  document(value: unknown): void;
  /** For people: on standard output, with `--json` nothing. */
  line(text: string): void;
  /** What happens meanwhile: standard error with `--json`, else standard output. */
  progress(text: string): void;
  table(head: string[], rows: string[][]): void;
};

export function createOutput(isJson: boolean, stdout: NodeJS.WritableStream, stderr: NodeJS.WritableStream): Output {
  const line = (text: string) => {
    if (!isJson) stdout.write(`${text}\n`);
  };
  return {
    isJson,
    line,
    document(value) {
      if (isJson) stdout.write(`${JSON.stringify(value)}\n`);
    },
    progress: (text) => (isJson ? stderr : stdout).write(`${text}\n`),
    table(head, rows) {
      const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)));
      for (const row of [head, ...rows]) line(row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join("  "));
    },
  };
}

/** `94.6 s` under a minute, `1m 26s` above. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  return whole < 3600 ? `${Math.floor(whole / 60)}m ${whole % 60}s` : `${Math.floor(whole / 3600)}h ${Math.floor((whole % 3600) / 60)}m`;
}
