export type ArchivedFile = { path: string; content: Buffer; mode: number; uid: number; gid: number };

const BLOCK = 512;
const NAME_BYTES = 100;

const padded = (content: Buffer): Buffer[] => {
  const rest = content.byteLength % BLOCK;
  return rest === 0 ? [content] : [content, Buffer.alloc(BLOCK - rest)];
};

/** One header block (POSIX.1-2017 pax, "ustar Interchange Format"). */
function header(name: string, { mode, uid, gid }: Omit<ArchivedFile, "path" | "content">, size: number, type: "0" | "x"): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) => block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  block.write(name.slice(0, NAME_BYTES), 0, "latin1");
  octal(mode, 100, 8);
  octal(uid, 108, 8);
  octal(gid, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write("        ", 148, "latin1");
  block.write(type, 156, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** `length key=value` with its own length in it (pax Extended Header). */
function record(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.from(`${length}${rest}`, "latin1");
}

/** Files as a tar archive to be unpacked at `/`. Paths are ASCII (`filePathSchema`); one that a header has no room for gets a header of its own. */
export function archiveOf(files: readonly ArchivedFile[]): Buffer {
  const parts = files.flatMap((file) => {
    const name = file.path.slice(1);
    const long = name.length <= NAME_BYTES ? null : record("path", name);
    return [
      ...(long ? [header("pax", file, long.byteLength, "x"), ...padded(long)] : []),
      header(name, file, file.content.byteLength, "0"),
      ...padded(file.content),
    ];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}
