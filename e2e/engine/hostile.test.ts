import { createHmac, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverFiles } from "../support/git-repository";
import { type Journey, openJourney } from "../support/journey";
import { ask, type Platform, sendPush, untilEnded } from "../support/platform";

let journey: Journey;
let platform: Platform;
let newApp: Journey["newApp"];
/** No command may ever make this file. */
const trap = path.join(tmpdir(), `dokploy-trap-${randomBytes(4).toString("hex")}`);

beforeAll(async () => {
  journey = await openJourney("hostile");
  ({ platform, newApp } = journey);
});
afterAll(async () => {
  rmSync(trap, { force: true });
  await journey.close();
});

const PRINTS_ENV = `require("node:http").createServer((q, r) => r.end(JSON.stringify(process.env))).listen(process.env.PORT, "0.0.0.0");`;
const PIECES = [
  "$(touch TRAP)",
  "`touch TRAP`",
  "{{.Node.Hostname}}",
  "{{ broken",
  "%s%n",
  "\n",
  "\r\n",
  "\t",
  "'",
  '"',
  "\\",
  "../",
  "--flag",
  "\u001b[2J",
  "ü",
  "🚀",
  "\u202e",
  "$".concat("{PATH}"),
  ";",
  "&&",
  "|",
  "<script>",
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: "grapheme", maxLength: 8 })), { maxLength: 8 })
  .map((parts) => parts.join("").replaceAll("TRAP", trap).replaceAll("\u0000", ""));

describe("what people type reaches the program as it was typed", () => {
  test("values of variables, through PostgreSQL, Swarm and the container", async () => {
    const { app, deploy, url } = await newApp("values", { ...serverFiles(""), "server.js": PRINTS_ENV });
    const values = [...PIECES.map((piece) => piece.replaceAll("TRAP", trap)), ...fc.sample(hostile, 60)];
    const set = values.map((value, n) => ({ key: `HOSTILE_${n}`, value }));
    await platform.client.apps.changeVariables.mutate({ app: app.id, set });
    expect((await deploy()).reason).toBeNull();
    const seen = JSON.parse((await ask(url)).body) as Record<string, string>;
    for (const { key, value } of set) expect(seen[key], key).toBe(value);
    expect(existsSync(trap)).toBe(false);
  });

  test("build arguments and build secrets, commit messages, file names and a release command", async () => {
    const argument = `$(touch ${trap}) \`touch ${trap}\` {{.}} "quoted" 'too' --flag`;
    const dockerfile = `FROM node:20-slim\nARG TYPED\nWORKDIR /app\nCOPY . .\nRUN node -e 'require("fs").writeFileSync("typed.txt", process.env.TYPED)'\nCMD ["node", "server.js"]\n`;
    const server = `const fs = require("node:fs");
require("node:http").createServer((q, r) => r.end(JSON.stringify({ typed: fs.readFileSync("typed.txt", "utf8"), names: fs.readdirSync("names") }))).listen(process.env.PORT, "0.0.0.0");`;
    const names = ["-rf", "a b", "$(id)", "`id`", "new\nline", "ü🚀", "quote'\"", "back\\slash", "{{.}}"];
    const files = Object.fromEntries(names.map((name) => [`names/${name}`, "x"]));
    const { repository, deploy, url } = await newApp(
      "build",
      { Dockerfile: dockerfile, "server.js": server, ...files },
      { buildArgs: { TYPED: argument }, releaseCommand: `node -e 'console.log("<b>\u{1F680}")'` },
    );
    repository.commit({}, `--upload-pack=touch ${trap}\n\n<script>alert(1)</script> \u001b[31mred\u001b[0m $(touch ${trap})`);
    const run = await deploy();
    expect(run.reason).toBeNull();
    expect(run.commit?.message).toContain(`--upload-pack=touch ${trap}`);
    const seen = JSON.parse((await ask(url)).body) as { typed: string; names: string[] };
    expect(seen.typed).toBe(argument);
    expect(seen.names.sort()).toEqual([...names].sort());
    expect(existsSync(trap)).toBe(false);
  });

  test("a link out of the tree is built as a link, and leads to nothing of the server's", async () => {
    const server = `const fs = require("node:fs");
require("node:http").createServer((q, r) => r.end(JSON.stringify({ link: fs.readlinkSync("host"), there: fs.existsSync("host") }))).listen(process.env.PORT, "0.0.0.0");`;
    const { repository, deploy, url } = await newApp("links", { ...serverFiles(""), "server.js": server });
    repository.link("host", "/var/lib/dokploy");
    expect((await deploy()).reason).toBeNull();
    expect(JSON.parse((await ask(url)).body)).toEqual({ link: "/var/lib/dokploy", there: false });
    const dockerfile = await newApp("outside", serverFiles(""));
    dockerfile.repository.commit({ Dockerfile: null });
    dockerfile.repository.link("Dockerfile", "/etc/passwd");
    const run = await dockerfile.deploy();
    expect(run.status).toBe("failed");
    expect(JSON.stringify(run)).not.toContain("root:x:0");
  });
});

describe("a webhook's body", () => {
  const post = (url: string, headers: Record<string, string>, parts: Buffer[]) =>
    new Promise<number>((resolve, reject) => {
      const request = http.request(url, { method: "POST", headers }, (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode ?? 0));
      });
      request.on("error", reject);
      for (const part of parts) request.write(part);
      request.end();
    });

  test("over the limit without a length, not JSON, wrongly signed, form-encoded, replayed: each has its answer", async () => {
    const { app, repository } = await newApp("hook", serverFiles("x"));
    const hook = { url: app.webhook.url, secret: app.webhook.secret ?? "" };
    const signed = (body: Buffer) => ({
      "x-github-event": "push",
      "x-hub-signature-256": `sha256=${createHmac("sha256", hook.secret).update(body).digest("hex")}`,
    });
    const mebibyte = Buffer.alloc(1024 * 1024, "a");
    expect(
      await post(
        hook.url,
        { "transfer-encoding": "chunked" },
        Array.from({ length: 26 }, () => mebibyte),
      ),
    ).toBe(413);
    expect(await post(hook.url, signed(Buffer.from("{nonsense")), [Buffer.from("{nonsense")])).toBe(400);
    expect(await post(hook.url, { ...signed(Buffer.from("{}")), "x-hub-signature-256": "sha256=zz" }, [Buffer.from("{}")])).toBe(401);
    expect(await post(hook.url, signed(Buffer.from("null")), [Buffer.from("null")])).toBe(200);
    const sha = repository.head();
    const form = Buffer.from(`payload=${encodeURIComponent(JSON.stringify({ ref: "refs/heads/main", after: sha }))}`);
    const formHeaders = { ...signed(form), "content-type": "application/x-www-form-urlencoded", "x-github-delivery": "form-1" };
    expect(await post(hook.url, formHeaders, [form])).toBe(202);
    const [first] = (await platform.client.deployments.list.query({ app: app.id })).items;
    expect(await post(hook.url, formHeaders, [form])).toBe(202);
    expect((await platform.client.deployments.list.query({ app: app.id })).items.map((one) => one.id)).toEqual([first?.id]);
    await untilEnded(platform, first?.id ?? "");
  });

  test("whatever it holds, no answer is a fault of ours", async () => {
    const { app } = await newApp("fuzz", serverFiles("x"));
    const hook = { url: app.webhook.url, secret: app.webhook.secret ?? "" };
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.record({
        ref: fc.oneof(hostile, fc.integer()),
        after: fc.oneof(hostile, fc.constant(null)),
        commits: fc.jsonValue(),
        repository: fc.jsonValue(),
        head_commit: fc.jsonValue(),
      }),
    );
    for (const [n, value] of fc.sample(odd, 60).entries()) {
      const body = Buffer.from(JSON.stringify(value));
      for (const provider of ["github", "gitlab", "gitea", "bitbucket"]) {
        const signature = createHmac("sha256", hook.secret).update(body).digest("hex");
        const headers = {
          "x-hub-signature-256": `sha256=${signature}`,
          "x-gitea-signature": signature,
          "x-gitlab-token": hook.secret,
          "x-request-uuid": `${provider}-${n}`,
        };
        expect([200, 400, 401, 422], JSON.stringify(value)).toContain(await post(hook.url.replace("/github/", `/${provider}/`), headers, [body]));
      }
    }
    expect(
      await sendPush({ ...hook, url: hook.url.replace(app.id, "../../etc") }, { branch: "main", sha: "0".repeat(40) }).then(({ status }) => status),
    ).toBeGreaterThanOrEqual(400);
  });
});

test("50,000 files are built or refused by name, and the worker stays responsive", async () => {
  const { app, repository, deploy } = await newApp("many", serverFiles("many"));
  repository.fill((folder) => {
    for (let n = 0; n < 50_000; n++) {
      const place = path.join(folder, "many", String(n % 100));
      if (n < 100) mkdirSync(place, { recursive: true });
      writeFileSync(path.join(place, `${n}.txt`), String(n));
    }
  });
  const run = await deploy();
  if (run.status === "failed") expect(run.reason).toMatchObject({ code: "context_refused", fix: expect.stringContaining(".dockerignore") });
  else expect((await ask(app.url ?? "")).body).toContain("many");
});
