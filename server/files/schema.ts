import { z } from "zod";

/** Swarm takes 500 KB a config (Engine API, ConfigSpec). */
export const MAX_FILE_BYTES = 500_000;
export const MAX_FILES = 20;

/** Places of the engine's own: the kernel's, and the files that it mounts into every container. */
const NOT_OURS = ["/proc", "/sys", "/dev", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/run/secrets"];
const within = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

export const filePathSchema = z
  .string()
  .max(300)
  .regex(/^(?:\/[A-Za-z0-9._@+-]+)+$/, "A file's place is an absolute path in the container, of letters, digits and . _ - @ +, such as /etc/app/settings.yml.")
  .refine((path) => !path.split("/").some((part) => part === "." || part === ".."), "A path has no “.” or “..” parts.")
  .refine((path) => !NOT_OURS.some((place) => within(path, place)), "This place belongs to the engine: choose another one.");

const owner = z.int().min(0).max(65_534);
export const fileSchema = z
  .object({
    path: filePathSchema,
    content: z.string().max(700_000, "A file has at most 500 KB."),
    encoding: z.enum(["utf8", "base64"]).default("utf8"),
    mode: z
      .string()
      .regex(/^0?[0-7]{3}$/, "A mode is three octal digits, such as 0444.")
      .optional(),
    uid: owner.optional(),
    gid: owner.optional(),
  })
  .refine(({ content, encoding }) => encoding === "utf8" || /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(content), {
    message: "This is not base64.",
    path: ["content"],
  })
  .refine(({ content, encoding }) => Buffer.byteLength(content, encoding) <= MAX_FILE_BYTES, { message: "A file has at most 500 KB.", path: ["content"] });
export type FileInput = z.infer<typeof fileSchema>;

/** Content is kept apart: it is answered for one file at a time, and that is recorded. */
export type FileView = { path: string; sizeBytes: number; isText: boolean; mode: string; uid: number; gid: number; updatedAt: string };

/** The first two places of which one lies in the other, or which are one; null when all are apart. */
export function collision(files: readonly string[], volumes: readonly string[]): [string, string] | null {
  for (const [at, file] of files.entries()) {
    const others = [...volumes, ...files.slice(at + 1)];
    const other = others.find((one) => within(file, one) || within(one, file));
    if (other !== undefined) return [file, other];
  }
  return null;
}
