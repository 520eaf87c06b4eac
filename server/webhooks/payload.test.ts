import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { carriedBody, deliveryKey, eventOf, isSigned, readDelivery, touches } from "./payload";

const secret = "a".repeat(64);
const body = Buffer.from('{"ref":"refs/heads/main"}');
const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

describe("isSigned", () => {
  test("GitHub, generic and Gitea sign the raw body", () => {
    expect(isSigned("github", { "x-hub-signature-256": signature }, body, secret)).toBe(true);
    expect(isSigned("generic", { "x-hub-signature-256": signature }, body, secret)).toBe(true);
    expect(isSigned("gitea", { "x-gitea-signature": signature.slice(7) }, body, secret)).toBe(true);
  });
  test("GitLab sends the secret", () => {
    expect(isSigned("gitlab", { "x-gitlab-token": secret }, body, secret)).toBe(true);
    expect(isSigned("gitlab", { "x-hub-signature-256": signature }, body, secret)).toBe(false);
  });
  test("another body, another secret, none, or a cut signature is refused", () => {
    expect(isSigned("github", { "x-hub-signature-256": signature }, Buffer.from("{}"), secret)).toBe(false);
    expect(isSigned("github", { "x-hub-signature-256": signature }, body, "b".repeat(64))).toBe(false);
    expect(isSigned("github", {}, body, secret)).toBe(false);
    expect(isSigned("github", { "x-hub-signature-256": signature.slice(0, 40) }, body, secret)).toBe(false);
  });
});

describe("readDelivery", () => {
  const sha = "1".repeat(40);
  test("a push tells branch, commit and when it was pushed", () => {
    const payload = { ref: "refs/heads/feature/x", after: sha, head_commit: { message: "Do it" }, repository: { pushed_at: 1_700_000_000 } };
    expect(readDelivery("github", "push", payload)).toEqual({
      kind: "push",
      push: { branch: "feature/x", tag: null, deleted: false, sha, message: "Do it", pushedAt: 1_700_000_000_000_000, changed: null },
    });
  });
  test("a ping and other events are ignored with the reason", () => {
    expect(readDelivery("github", "ping", {})).toEqual({ kind: "ignored", reason: "ping" });
    expect(readDelivery("github", "issues", {})).toEqual({ kind: "ignored", reason: "event issues" });
  });
  test("a deleted branch, a tag, and bodies of any shape are read without an error", () => {
    expect(readDelivery("github", null, { ref: "refs/heads/x", after: "0".repeat(40), deleted: true })).toMatchObject({ push: { deleted: true } });
    expect(readDelivery("github", null, { ref: "refs/tags/v1", after: sha })).toMatchObject({ push: { branch: null, tag: "v1" } });
    for (const odd of [null, [], 3, "x", { ref: 7, commits: {}, repository: [] }])
      expect(readDelivery("github", null, odd)).toMatchObject({ kind: "push", push: { branch: null, sha: null } });
  });
  test("a push says what it changes where it lists all of its commits", () => {
    const commit = (file: string) => ({ added: [file], modified: ["README.md"], removed: [] });
    const changedOf = (payload: object) => {
      const delivery = readDelivery("github", "push", { ref: "refs/heads/main", before: sha, after: sha, ...payload });
      return delivery.kind === "push" ? delivery.push.changed : undefined;
    };
    expect(changedOf({ commits: [commit("apps/web/a.ts"), commit("apps/api/b.ts")] })).toEqual(["apps/web/a.ts", "README.md", "apps/api/b.ts"]);
    expect(changedOf({ commits: [commit("a")], total_commits_count: 30 })).toBeNull();
    expect(changedOf({ commits: [commit("a")], before: "0".repeat(40) })).toBeNull();
    expect(changedOf({ commits: [commit("a")], forced: true })).toBeNull();
    expect(changedOf({ commits: [] })).toBeNull();
    expect(changedOf({ commits: [{ message: "no files listed" }] })).toBeNull();
  });
  test("a watched folder holds what is below it, and nothing that only begins alike", () => {
    expect(touches(["apps/web/a.ts"], ["apps/web"])).toBe(true);
    expect(touches(["apps/website/a.ts"], ["apps/web"])).toBe(false);
    expect(touches(["package.json"], ["apps/web", "package.json"])).toBe(true);
    expect(touches(["anything"], [])).toBe(true);
    expect(touches([], ["apps/web"])).toBe(false);
  });
  test("Bitbucket names its branch inside the changes", () => {
    const payload = { push: { changes: [{ new: { type: "branch", name: "main", target: { hash: sha, message: "m" } } }] } };
    expect(readDelivery("bitbucket", "repo:push", payload)).toMatchObject({ push: { branch: "main", sha } });
  });
});

test("a delivery is told by the provider's id, else by its body; generic calls all count", () => {
  expect(deliveryKey("github", { "x-github-delivery": "abc" }, body)).toBe("abc");
  expect(deliveryKey("github", {}, body)).toBe(deliveryKey("github", {}, Buffer.from(body)));
  expect(deliveryKey("generic", {}, body)).toBeNull();
});

test("the event is what the provider calls it", () => {
  expect(eventOf({ "x-github-event": "push" })).toBe("push");
  expect(eventOf({ "x-event-key": "repo:push" })).toBe("repo:push");
  expect(eventOf({})).toBeNull();
});

test("a form carries its JSON in payload; any other body is the JSON itself", () => {
  const form = Buffer.from(new URLSearchParams({ payload: body.toString() }).toString());
  expect(carriedBody({ "content-type": "application/x-www-form-urlencoded" }, form).toString()).toBe(body.toString());
  expect(carriedBody({ "content-type": "application/json" }, body)).toBe(body);
});
