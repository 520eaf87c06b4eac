import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { unneeded } from "./sweep-images";

const app = randomUUID();
const [kept, open, gone] = [randomUUID(), randomUUID(), randomUUID()];
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const named = (imageId: string, ...names: string[]) => names.map((name) => ({ name, imageId }));

test("an image goes with its last release, under whichever names it is known; what is under way and what is not ours stays", () => {
  const found = [
    ...named("kept", `dokploy/${app}:${kept}`, `10.0.0.1:5000/${app}:${kept}`, `10.0.0.1:5000/${app}@${digest("a")}`),
    ...named("open", `dokploy/${app}:${open}`, `10.0.0.1:5000/${app}@${digest("b")}`),
    ...named("gone", `dokploy/${app}:${gone}`, `10.0.0.1:5000/${app}:${gone}`, `10.0.0.1:5000/${app}@${digest("c")}`),
    ...named("carried", `10.0.0.1:5000/${app}@${digest("d")}`),
    ...named("agent", `10.0.0.1:5000/dokploy-agent@${digest("e")}`, "10.0.0.1:5000/dokploy-agent:0123456789ab"),
    ...named("agent of now", `10.0.0.1:5000/dokploy-agent@${digest("f")}`, "10.0.0.1:5000/dokploy-agent:ba9876543210"),
    ...named("else", "dokploy/base:latest", "10.0.0.1:5000/somebody/else:1"),
  ];
  const left = unneeded(found, { images: new Set(["kept"]), names: new Set([`10.0.0.1:5000/dokploy-agent@${digest("f")}`]), deployments: new Set([open]) });
  expect([...new Set(left.map(({ imageId }) => imageId))]).toEqual(["gone", "carried", "agent"]);
  expect(left).toHaveLength(6);
});
