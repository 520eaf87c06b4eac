const LONGEST_MS = 100;
const LARGEST_BYTES = 64 * 1024;

/** Collects lines and hands them on together: at the latest 100 ms after the first, or when they come to 64 KiB. */
export function createLineBatch<Line extends { text: string; at: number }>(onLines: (lines: Line[]) => void): { push(line: Line): void; flush(): void } {
  let lines: Line[] = [];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (lines.length === 0) return;
    const ready = lines.sort((a, b) => a.at - b.at); // stable: lines of one instant keep their order
    lines = [];
    bytes = 0;
    onLines(ready);
  };
  return {
    push(line) {
      lines.push(line);
      bytes += Buffer.byteLength(line.text);
      if (bytes >= LARGEST_BYTES) flush();
      else timer ??= setTimeout(flush, LONGEST_MS);
    },
    flush,
  };
}
