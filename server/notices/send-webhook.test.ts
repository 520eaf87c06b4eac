import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { refuseAddress, sendWebhook, signatureOf } from "./send-webhook";

test("the signature is the body's HMAC-SHA-256", () => {
  expect(signatureOf("{}", "key")).toBe(`sha256=${createHmac("sha256", "key").update("{}").digest("hex")}`);
});

test.each([
  ["http://hooks.example.com/x", "", /Plain http/],
  ["https://user:word@hooks.example.com/x", "", /no password/],
  ["https://127.0.0.1/x", "", /may not be reached/],
  ["https://localhost/x", "", /may not be reached/],
  ["https://[::1]/x", "", /may not be reached/],
  ["https://169.254.169.254/x", "169.254.0.0/16", /may not be reached/],
])("%s is refused when %o is allowed", (address, allowed, said) => {
  expect(() => refuseAddress(allowed, address)).toThrow(said);
});

test.each([
  ["https://hooks.example.com/x", ""],
  ["http://127.0.0.1:9/x", "127.0.0.1"],
])("%s may be called when %o is allowed", (address, allowed) => {
  expect(() => refuseAddress(allowed, address)).not.toThrow();
});

test("a name that leads to a private address is not called", async () => {
  const deployment = { id: "1", number: 1, app: "a", project: "p", reason: { what: "x", why: null, fix: null }, url: "u" };
  const answer = await sendWebhook("", { address: "https://ip6-localhost./x", secret: "s" }, { event: "test", deployment });
  expect(answer).toMatchObject({ isAccepted: false, status: null });
});
