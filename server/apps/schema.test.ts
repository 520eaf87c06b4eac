import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkRoute } from "../../worker/engine/edge/render";
import {
  createAppSchema,
  gitUrlSchema,
  healthPathSchema,
  hostSchema,
  imageReferenceSchema,
  insidePathSchema,
  nameSchema,
  refNameSchema,
  routePathSchema,
  variableSchema,
} from "./schema";

/** What a hostile person types: options, shell, Traefik rules, paths out of the tree, control characters, escape sequences. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(
    "--upload-pack=id",
    "-oProxyCommand=id",
    "$(id)",
    "`id`",
    "a;id",
    "a|id",
    "a\nb",
    "a\u0000b",
    "../../etc/passwd",
    "..",
    "/",
    "\u001b[2J",
    "`) || Host(`evil",
    'a"b',
    "a b",
    "ä.example.com",
    "％",
    "{{.Env}}",
    "%2e%2e/",
    "A".repeat(5000),
  ),
  fc
    .tuple(fc.string({ maxLength: 20 }), fc.constantFrom("`", "\n", "\r", "\u0000", " ", "$", '"', "\\", "..", ";", "{{"), fc.string({ maxLength: 20 }))
    .map((parts) => parts.join("")),
);
const accepted = <T>(schema: { safeParse(value: unknown): { success: boolean; data?: T } }, value: string): T | undefined => schema.safeParse(value).data;

describe("what is accepted cannot become anything but data", () => {
  test("names are DNS labels", () => {
    fc.assert(fc.property(hostile, (text) => /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(accepted(nameSchema, text) ?? "a")));
  });

  test("hosts and paths pass the edge's own check, which refuses all that its rule language knows", () => {
    fc.assert(
      fc.property(hostile, hostile, (host, path) => {
        const route = { host: accepted(hostSchema, host) ?? "a.example", path: accepted(routePathSchema, path) ?? "/" };
        return !/[`"'\\\s(){}|&$]/.test(route.host + route.path) && checkRoute(route) === undefined;
      }),
    );
  });

  test("a health path has no quotes, spaces or control characters", () => {
    fc.assert(fc.property(hostile, (text) => /^\/[^\s`"\\#\u0000-\u001f]*$/.test(accepted(healthPathSchema, text) ?? "/")));
  });

  test("a branch or tag is one that Git itself takes", () => {
    const names = fc.sample(hostile, 150).concat(fc.sample(fc.stringMatching(/^[\w./@{}~^:-]{1,30}$/), 250));
    for (const name of names) {
      const taken = accepted(refNameSchema, name);
      if (taken === undefined) continue;
      expect(spawnSync("git", ["check-ref-format", `refs/heads/${taken}`]).status, JSON.stringify(taken)).toBe(0);
    }
  });

  test("a path stays inside the repository and is no option", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const path = accepted(insidePathSchema, text) ?? "";
        return !path.startsWith("/") && !path.startsWith("-") && !path.split("/").includes("..") && !/[\u0000-\u001f]/.test(path);
      }),
    );
  });

  test("a repository address is https, http, ssh or a path, without a password, and is no option", () => {
    fc.assert(
      fc.property(hostile, (text) => /^(https?:\/\/|ssh:\/\/|file:\/\/\/|\/|[\w.-]+@[\w.-]+:)[^\u0000-\u001f]*$/.test(accepted(gitUrlSchema, text) ?? "/x")),
    );
    for (const url of ["ext::sh -c id", "fd::17", "--upload-pack=id", "https://user:secret@example.com/a", "ssh://-oProxyCommand=id/x y", "git@host:-x"])
      expect(accepted(gitUrlSchema, url), url).toBeUndefined();
  });

  test("an image reference has no spaces, options or shell", () => {
    fc.assert(fc.property(hostile, (text) => /^[a-zA-Z0-9][\w./:@-]*$/.test(accepted(imageReferenceSchema, text) ?? "a")));
  });

  test("a variable's value may be anything but NUL; its key is an identifier", () => {
    fc.assert(
      fc.property(hostile, hostile, (key, value) => {
        const parsed = variableSchema.safeParse({ key, value });
        if (parsed.success) return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) && parsed.data.value === value;
        return !/^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(key) || value.includes("\u0000");
      }),
    );
  });

  test("ten megabytes are refused, not chewed", () => {
    const huge = "a".repeat(10 * 1024 * 1024);
    for (const schema of [nameSchema, hostSchema, routePathSchema, healthPathSchema, refNameSchema, insidePathSchema, gitUrlSchema, imageReferenceSchema])
      expect(schema.safeParse(huge).success).toBe(false);
    expect(createAppSchema.safeParse({ name: "a", project: "p", git: `https://example.com/${huge}` }).success).toBe(false);
  });
});
