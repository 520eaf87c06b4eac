import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { archiveOf } from "./file-archive";

it("is what tar unpacks: paths of any length, contents of any size, modes", () => {
  const part = fc.string({ unit: fc.constantFrom(..."aZ09._@+-"), minLength: 1, maxLength: 60 }).filter((name) => !/^\.+$/.test(name));
  // below folders of their own, so that no file lies where another needs a folder
  const file = fc.record({
    parts: fc.array(part, { minLength: 1, maxLength: 5 }),
    content: fc.uint8Array({ maxLength: 1500 }),
    mode: fc.constantFrom(0o400, 0o444, 0o755),
  });
  fc.assert(
    fc.property(fc.array(file, { maxLength: 5 }), (given) => {
      const files = given.map(({ parts, content, mode }, n) => ({ path: `/f${n}/${parts.join("/")}`, content: Buffer.from(content), mode, uid: 3, gid: 4 }));
      const folder = mkdtempSync(path.join(tmpdir(), "archive-"));
      try {
        execFileSync("tar", ["--no-same-owner", "-xpf", "-", "-C", folder], { input: archiveOf(files), stdio: ["pipe", "pipe", "pipe"] });
        for (const one of files) {
          const place = path.join(folder, one.path);
          expect(readFileSync(place).equals(one.content)).toBe(true);
          expect(statSync(place).mode & 0o777).toBe(one.mode);
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 60 },
  );
});

it("names the owner", () => {
  const listed = execFileSync("tar", ["--numeric-owner", "-tvf", "-"], {
    input: archiveOf([{ path: "/a", content: Buffer.from("x"), mode: 0o400, uid: 7, gid: 12 }]),
  });
  expect(listed.toString()).toMatch(/^-r-------- 7\/12 +1 .* a\n$/);
});
