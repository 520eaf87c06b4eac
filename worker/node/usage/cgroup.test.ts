import { expect, test } from "vitest";
import { groupFiles, parseGroup } from "./cgroup";

const ID = "a7390e52310b5bbdb1bdad4c8fbb805345e8af36f6a6927fd49a4a2257057226";
/** Recorded on kernel 6.18 with both versions mounted, engine 20.10, driver cgroupfs. */
const FIRST_VERSION = ["9:name=systemd", "8:pids", "7:blkio", "6:freezer", "5:devices", "4:memory", "3:cpuset", "2:cpuacct", "1:cpu", "0:"]
  .map((group) => `${group}:/docker/${ID}`)
  .join("\n");
/** As Debian 12 with systemd writes it: one hierarchy, driver systemd. */
const SECOND_VERSION = `0::/system.slice/docker-${ID}.scope\n`;

test("of both versions together the first one has the controllers", () => {
  expect(groupFiles(`${FIRST_VERSION}\n`)).toEqual({
    version: 1,
    cpu: `/sys/fs/cgroup/cpuacct/docker/${ID}/cpuacct.usage`,
    memory: `/sys/fs/cgroup/memory/docker/${ID}/memory.usage_in_bytes`,
    memoryStat: `/sys/fs/cgroup/memory/docker/${ID}/memory.stat`,
    io: `/sys/fs/cgroup/blkio/docker/${ID}/blkio.throttle.io_service_bytes_recursive`,
  });
  // controllers that share a hierarchy stand together
  expect(groupFiles(`4:cpu,cpuacct:/docker/${ID}\n5:memory:/docker/${ID}\n`)).toMatchObject({
    version: 1,
    cpu: expect.stringContaining(ID),
    io: expect.stringContaining(ID),
  });
});

test("the second version has one folder for all", () => {
  const folder = `/sys/fs/cgroup/system.slice/docker-${ID}.scope`;
  expect(groupFiles(SECOND_VERSION)).toEqual({
    version: 2,
    cpu: `${folder}/cpu.stat`,
    memory: `${folder}/memory.current`,
    memoryStat: `${folder}/memory.stat`,
    io: `${folder}/io.stat`,
  });
});

test("a group that is outside of what is seen here, and a process that has ended, have no files", () => {
  expect(groupFiles("0::/../system.slice/x\n")).toBeNull();
  expect(groupFiles("")).toBeNull();
});

test("counters of the first version, as recorded", () => {
  const memoryStat =
    "cache 4096\nrss 6688768\ninactive_file 77\nhierarchical_memory_limit 9223372036854771712\ntotal_cache 4096\ntotal_inactive_file 1060864\ntotal_active_file 4096\n";
  const io =
    "8:0 Read 4096\n8:0 Write 81920\n8:0 Sync 86016\n8:0 Async 0\n8:0 Discard 0\n8:0 Total 86016\n254:16 Read 1024\n254:16 Write 0\n254:16 Total 1024\nTotal 87040\n";
  expect(parseGroup(1, { cpu: "67152989\n", memory: "7651328\n", memoryStat, io })).toEqual({
    cpuMicros: 67_153,
    memoryBytes: 7_651_328 - 1_060_864,
    readBytes: 5120,
    writtenBytes: 81_920,
  });
  expect(parseGroup(1, { cpu: "1000\n", memory: "4096\n", memoryStat, io: "Total 0\n" })).toEqual({
    cpuMicros: 1,
    memoryBytes: 0,
    readBytes: 0,
    writtenBytes: 0,
  });
});

test("counters of the second version, as the kernel documents them", () => {
  const cpu = "usage_usec 14010207366\nuser_usec 10238218814\nsystem_usec 3771988552\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n";
  const memoryStat = "anon 6430720\nfile 10813440\nkernel 1773568\ninactive_anon 6418432\nactive_anon 12288\ninactive_file 9437184\nactive_file 1376256\n";
  const io = "8:0 rbytes=10813440 wbytes=4096 rios=283 wios=1 dbytes=0 dios=0\n254:0 rbytes=512 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n";
  expect(parseGroup(2, { cpu, memory: "19017728\n", memoryStat, io })).toEqual({
    cpuMicros: 14_010_207_366,
    memoryBytes: 19_017_728 - 9_437_184,
    readBytes: 10_813_952,
    writtenBytes: 4096,
  });
});

test("a kernel without a controller for disks counts none of them, and a group that is gone is told apart from one at 0", () => {
  expect(parseGroup(2, { cpu: "usage_usec 5\n", memory: "0\n", memoryStat: "", io: null })).toEqual({
    cpuMicros: 5,
    memoryBytes: 0,
    readBytes: 0,
    writtenBytes: 0,
  });
  expect(parseGroup(2, { cpu: null, memory: "0\n", memoryStat: "", io: "" })).toBeNull();
  expect(parseGroup(1, { cpu: "5\n", memory: null, memoryStat: "", io: "" })).toBeNull();
});
