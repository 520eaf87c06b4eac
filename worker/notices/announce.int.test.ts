import http from "node:http";
import type { AddressInfo } from "node:net";
import { eq } from "drizzle-orm";
import { SMTPServer } from "smtp-server";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { deployments, noticeTargets } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { signatureOf } from "../../server/notices/send-webhook";
import { type Announcer, createAnnouncer } from "./announce";

type Call = { headers: http.IncomingHttpHeaders; body: string };
const calls: Call[] = [];
const statuses: number[] = [];
const mails: string[] = [];
const receiver = http.createServer((request, response) => {
  let body = "";
  request.on("data", (part) => {
    body += part;
  });
  request.on("end", () => {
    calls.push({ headers: request.headers, body });
    response.writeHead(statuses.shift() ?? 204).end(statuses.length > 0 ? "not now" : "");
  });
});
const post = new SMTPServer({
  authOptional: true,
  disabledCommands: ["STARTTLS"],
  onData(stream, _session, done) {
    let text = "";
    stream.on("data", (part: Buffer) => {
      text += part.toString();
    });
    stream.on("end", () => {
      mails.push(text);
      done();
    });
  },
});
const portOf = (server: { address(): AddressInfo | string | null }) => (server.address() as AddressInfo).port;

let t: TestServices;
let announcer: Announcer;
beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  await new Promise<void>((resolve) => post.listen(0, "127.0.0.1", resolve));
  t = await openTestServices({ DOKPLOY_ALLOW_HOSTS: "127.0.0.1", SMTP_URL: `smtp://127.0.0.1:${portOf(post.server)}`, MAIL_FROM: "dokploy@example.test" });
  announcer = createAnnouncer(t.worker, { firstWaitMs: 20, attempts: 4 });
});
afterAll(async () => {
  await announcer.close();
  await t.close();
  await new Promise((resolve) => receiver.close(resolve));
  await new Promise<void>((resolve) => post.close(resolve));
});
beforeEach(() => {
  calls.length = 0;
  mails.length = 0;
});
afterEach(() => {
  statuses.length = 0;
});

const hook = (path = "/hooks/s3cret") => `http://127.0.0.1:${portOf(receiver)}${path}`;
const until = (isTrue: () => boolean | Promise<boolean>) => expect.poll(isTrue, { timeout: 5_000 }).toBe(true);

async function failedDeployment() {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const app = await team.caller.apps.create({ name: "api", project: "shop", git: "https://git.example.com/a.git" });
  const run = await team.caller.deployments.create({ app: app.id });
  const fail = () =>
    team.ctx.team.update(
      deployments,
      {
        status: "failed",
        finishedAt: team.ctx.now(),
        reason: { code: "unhealthy", what: "It did not answer.", why: "It ended with status 1.", fix: "Read the log." },
      },
      eq(deployments.id, run.id),
    );
  return { ...team, run, fail, told: { id: run.id, teamId: team.ctx.team.id } };
}

test("a failed deployment is told once, signed, with what, why and fix, and again until it is accepted", async () => {
  const one = await failedDeployment();
  const { secret } = await one.caller.notices.set({ kind: "webhook", address: hook() });
  await one.fail();
  statuses.push(503, 500);
  announcer.failed(one.told);
  announcer.failed(one.told);
  await until(() => calls.length === 3);
  await until(async () => (await one.caller.notices.read()).target?.last?.isAccepted === true);
  await announcer.sweep();
  expect(calls).toHaveLength(3);
  for (const call of calls) {
    expect(call.headers).toMatchObject({ "idempotency-key": one.run.id, "x-dokploy-signature-256": signatureOf(call.body, secret) });
    expect(JSON.parse(call.body)).toMatchObject({
      event: "deployment.failed",
      deployment: {
        id: one.run.id,
        number: 1,
        app: "api",
        project: "shop",
        reason: { what: "It did not answer.", why: "It ended with status 1.", fix: "Read the log." },
        url: expect.stringContaining(`/deployments/${one.run.id}`),
      },
    });
  }
});

test("what a dead worker did not queue, the sweep does; a team without a target and a success are not told of", async () => {
  const one = await failedDeployment();
  await one.caller.notices.set({ kind: "webhook", address: hook() });
  await one.fail();
  const silent = await failedDeployment();
  await silent.fail();
  const fine = await failedDeployment();
  await fine.caller.notices.set({ kind: "webhook", address: hook() });
  announcer.failed(fine.told);
  announcer.failed(silent.told);
  await announcer.sweep();
  await until(() => calls.length > 0);
  await announcer.sweep();
  expect(calls.map((call) => JSON.parse(call.body).deployment.id)).toEqual([one.run.id]);
});

test("a mail says the same, by the operator's server", async () => {
  const one = await failedDeployment();
  await one.caller.notices.set({ kind: "mail", address: "ops@example.test" });
  await one.fail();
  announcer.failed(one.told);
  await until(() => mails.length === 1);
  expect(mails[0]).toContain("Subject: Deployment #1 of shop/api failed");
  expect(mails[0]).toContain("To: ops@example.test");
  expect(mails[0]).toContain(`X-Dokploy-Deployment: ${one.run.id}`);
  expect(mails[0]).toContain("Fix: Read the log.");
});

test("a test notice answers what the receiver said; address and secret are sealed and seen by their team only", async () => {
  const one = await t.newTeam();
  const other = await t.newTeam();
  await expect(one.caller.notices.test()).rejects.toMatchObject({ code: "NOT_FOUND" });
  const { secret } = await one.caller.notices.set({ kind: "webhook", address: hook("/hooks/t0ken") });
  statuses.push(410, 0);
  expect(await one.caller.notices.test()).toEqual({ isAccepted: false, status: 410, answer: "410: not now" });
  statuses.length = 0;
  expect(await one.caller.notices.test()).toMatchObject({ isAccepted: true, status: 204 });
  const read = JSON.stringify([await one.caller.notices.read(), await one.ctx.team.list(noticeTargets)]);
  expect(read).not.toContain(secret);
  expect(read).not.toContain("t0ken");
  expect((await other.caller.notices.read()).target).toBeNull();
  await expect(other.caller.notices.remove()).rejects.toMatchObject({ code: "NOT_FOUND" });
  await one.caller.notices.remove();
  expect((await one.caller.notices.read()).target).toBeNull();
});
