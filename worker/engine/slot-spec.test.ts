import { describe, expect, it } from "vitest";
import type { SlotSpec } from "../ports";
import { serviceSpec, specDigest } from "./slot-spec";
import { slotChange } from "./slots";
import type { SwarmService, SwarmTask } from "./swarm-types";
import { failedTasks } from "./task-watch";

const spec = (more: Partial<SlotSpec> = {}): SlotSpec => ({
  name: "s-1",
  image: "sha256:aa",
  network: "n-1",
  labels: { "dokploy.app": "a1" },
  env: { B: "2", A: "1" },
  replicas: 2,
  stopGraceS: 30,
  limits: { memoryBytes: 1024, cpus: 0.5 },
  reservations: {},
  mounts: [],
  files: [],
  epoch: 4,
  ...more,
});
const service = (given: SlotSpec): SwarmService => ({
  ID: "id",
  Version: { Index: 1 },
  CreatedAt: "2026-01-01T00:00:00Z",
  UpdatedAt: "2026-01-01T00:00:10Z",
  Spec: serviceSpec(given, "h") as unknown as SwarmService["Spec"],
});

it("describes a service", () => {
  expect(serviceSpec(spec({ command: ["node", "x"] }), "h")).toMatchSnapshot();
});

it("has the same digest for the same tasks, whatever the epoch, the replicas and the order of variables", () => {
  const digest = specDigest(spec());
  expect(specDigest(spec({ epoch: 9, replicas: 1, env: { A: "1", B: "2" } }))).toBe(digest);
  for (const more of [{ image: "x" }, { env: { A: "1" } }, { command: ["x"] }, { stopGraceS: 1 }, { network: "x" }, { limits: {} }])
    expect(specDigest(spec(more))).not.toBe(digest);
});

it("mounts config files by the engine's id, with their mode and owner; another version means other tasks", () => {
  const file = { config: "dkp-1", path: "/etc/app.yml", mode: 0o400, uid: 7, gid: 8 };
  const { ContainerSpec } = serviceSpec(spec({ files: [file] }), "h", { "dkp-1": "id1" }).TaskTemplate as { ContainerSpec: { Configs?: object[] } };
  expect(ContainerSpec.Configs).toEqual([{ ConfigID: "id1", ConfigName: "dkp-1", File: { Name: "/etc/app.yml", UID: "7", GID: "8", Mode: 0o400 } }]);
  const digests = [[], [file], [{ ...file, config: "dkp-2" }], [{ ...file, mode: 0o444 }]].map((files) => specDigest(spec({ files })));
  expect(new Set(digests).size).toBe(4);
});

describe("a service that exists", () => {
  it("is left as it is when it is as wanted", () => expect(slotChange(service(spec()), spec(), "h")).toBeNull());
  it("is written when epoch, replicas or tasks differ", () => {
    for (const more of [{ epoch: 5 }, { replicas: 3 }, { image: "sha256:bb" }]) expect(slotChange(service(spec()), spec(more), "h")).not.toBeNull();
  });
  it("is left alone when it is a newer epoch's", () => {
    expect(() => slotChange(service(spec()), spec({ epoch: 3 }), "h")).toThrow(expect.objectContaining({ code: "fenced" }));
  });
});

it("counts as failures only what ended by itself, of the present specification, since the last write", () => {
  const present = service(spec());
  const task = (id: string, state: SwarmTask["Status"]["State"], at: string, digest = specDigest(spec())): SwarmTask => ({
    ID: id,
    CreatedAt: at,
    ServiceID: "id",
    DesiredState: "shutdown",
    Spec: { ContainerSpec: { Labels: { "dokploy.spec": digest } } },
    Status: { Timestamp: at, State: state },
  });
  const later = "2026-01-01T00:00:11Z";
  const tasks = [
    task("later", "failed", "2026-01-01T00:00:12Z"),
    task("failed", "failed", later),
    task("old", "failed", "2026-01-01T00:00:09Z"),
    task("other", "failed", later, "x"),
    task("stopped", "shutdown", later),
    task("exit0", "complete", "2026-01-01T00:00:13Z"),
  ];
  expect(failedTasks(present, tasks).map(({ ID }) => ID)).toEqual(["failed", "later", "exit0"]);
});

it("writes placement only where there is one", () => {
  expect(serviceSpec(spec(), "h").TaskTemplate).not.toHaveProperty("Placement");
  const placed = spec({ constraints: ["node.labels.disk==ssd"], maxReplicasPerNode: 2 });
  expect(serviceSpec(placed, "h").TaskTemplate).toMatchObject({ Placement: { Constraints: ["node.labels.disk==ssd"], MaxReplicas: 2 } });
  expect(specDigest(placed)).not.toBe(specDigest(spec()));
  expect(specDigest(spec({ constraints: [] }))).toBe(specDigest(spec()));
});
