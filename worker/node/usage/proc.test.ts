import { expect, test } from "vitest";
import { isDisk, isOutside, isWire, parseBusyMicros, parseCores, parseDisks, parseLoad, parseMemory, parseTraffic } from "./proc";

test("a machine is busy with all but idling, waiting for a disk, and what its host took", () => {
  const stat =
    "cpu  1005866 17942 360071 1062469 8237 3 17121 413 55 7\ncpu0 500883 7982 174437 543272 1974 0 6994 201 0 0\ncpu1 1 2 3 4 5 6 7 8 9 10\nintr 47248711 0\n";
  expect(parseBusyMicros(stat)).toBe((1_005_866 + 17_942 + 360_071 + 3 + 17_121) * 10_000);
  expect(parseCores(stat)).toBe(2);
  expect(parseBusyMicros("")).toBe(0);
});

test("memory in use is what could not be given to a program", () => {
  const meminfo = "MemTotal:       24684084 kB\nMemFree:        15930288 kB\nMemAvailable:   19753056 kB\nBuffers:          153572 kB\n";
  expect(parseMemory(meminfo)).toEqual({ total: 24_684_084 * 1024, used: (24_684_084 - 19_753_056) * 1024 });
  expect(parseLoad("7.04 3.42 2.50 9/886 22759\n")).toBe(7.04);
});

test("a container's traffic is that of all its networks, a machine's that of its wires", () => {
  const dev = [
    "Inter-|   Receive                                                |  Transmit",
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed",
    "    lo:     900       9    0    0    0     0          0         0      900       9    0    0    0     0       0          0",
    "  eth0:    2887      18    0    0    0     0          0         0     7626      11    0    0    0     0       0          0",
    "  eth1:796      10    0    0    0     0          0         0        5       0    0    0    0     0       0          0",
    "docker0: 1000 1 0 0 0 0 0 0 1000 1 0 0 0 0 0 0",
    "veth12@if3: 2000 1 0 0 0 0 0 0 2000 1 0 0 0 0 0 0",
  ].join("\n");
  expect(parseTraffic(dev, isWire)).toEqual({ receivedBytes: 3683, sentBytes: 7631 });
  expect(parseTraffic(dev, (name) => isOutside(name) && !name.startsWith("veth") && name !== "docker0")).toEqual({ receivedBytes: 3683, sentBytes: 7631 });
  expect(["docker_gwbridge", "br-4f", "vxlan0", "vx-001001-abcd", "lo"].filter(isWire)).toEqual([]);
  expect(["eth0", "ens3", "enp0s31f6", "wlan0"].filter(isWire)).toHaveLength(4);
});

test("whole disks are counted, neither their partitions nor what lies over them", () => {
  const diskstats =
    "   7       0 loop0 9 0 99 0 0 0 0 0 0 0 0\n 254       0 vda 100 0 2000 5 50 0 400 9 0 0 0\n 254       1 vda1 100 0 2000 5 50 0 400 9 0 0 0\n 253       0 dm-0 1 0 8 0 1 0 8 0 0 0 0\n";
  const names = ["loop0", "vda", "dm-0", "zram0", "nvme0n1"];
  expect(names.filter(isDisk)).toEqual(["vda", "nvme0n1"]);
  expect(parseDisks(diskstats, new Set(names.filter(isDisk)))).toEqual({ readBytes: 2000 * 512, writtenBytes: 400 * 512 });
});
