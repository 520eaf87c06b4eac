import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collision, filePathSchema, fileSchema } from "./schema";

const isPath = (path: string) => filePathSchema.safeParse(path).success;

describe("a file's place", () => {
  it.each(["/etc/app.conf", "/app/.env", "/srv/a+b@c/x_y-z.json", "/development/x", "/etc/hosts.allow"])("may be %s", (path) =>
    expect(isPath(path)).toBe(true),
  );
  it.each([
    "",
    "/",
    "etc/app",
    "/etc/",
    "//etc",
    "/etc//x",
    "/../x",
    "/a/..",
    "/a/./b",
    "/proc/1/x",
    "/proc",
    "/sys/x",
    "/dev/null",
    "/etc/hosts",
    "/a b",
    "/a\n",
    "/a\0",
    "/ä",
    "/a`",
    "/a,b",
    "/{{.}}",
  ])("is not %j", (path) => expect(isPath(path)).toBe(false));

  it("is clean and outside the engine's places, whatever was typed", () => {
    const part = fc.oneof(fc.constantFrom("..", ".", "proc", "sys", "dev", "etc", "", "hosts"), fc.string());
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const path = `/${parts.join("/")}`;
        if (!isPath(path)) return;
        expect(new URL(`file://${path}`).pathname).toBe(path);
        expect(/^\/(proc|sys|dev)(\/|$)/.test(path)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("places that get in each other's way", () => {
  it.each([
    [["/a/b"], ["/a"], ["/a/b", "/a"]],
    [["/a"], ["/a/b"], ["/a", "/a/b"]],
    [["/a", "/a/b"], [], ["/a", "/a/b"]],
    [["/a"], ["/a"], ["/a", "/a"]],
    [["/ab", "/a/x"], ["/abc"], null],
  ])("%j and the volumes %j: %j", (files, volumes, found) => expect(collision(files, volumes)).toEqual(found));
});

describe("content", () => {
  it("is at most 500 KB as bytes, and base64 where it says so", () => {
    const size = (content: string, encoding: "utf8" | "base64") => fileSchema.safeParse({ path: "/a", content, encoding }).success;
    expect(size("x".repeat(500_000), "utf8")).toBe(true);
    expect(size("ä".repeat(250_001), "utf8")).toBe(false);
    expect(size(Buffer.alloc(500_000).toString("base64"), "base64")).toBe(true);
    expect(size(Buffer.alloc(500_001).toString("base64"), "base64")).toBe(false);
    expect(size("not base64", "base64")).toBe(false);
  });
});
