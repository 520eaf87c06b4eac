import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SERVER } from "./git-repository";

/** Decides from outside whether a program listens when it is started; until it is turned off it does. */
export type StartSwitch = { server(answer: string): string; turnOff(): void; close(): Promise<void> };

/** A container asks it over its default route, which leads to the machine. */
export async function openStartSwitch(): Promise<StartSwitch> {
  let isOn = true;
  const switched = createServer((_, response) => response.writeHead(isOn ? 200 : 503).end());
  await new Promise<void>((resolve) => switched.listen(0, "0.0.0.0", resolve));
  const { port } = switched.address() as AddressInfo;
  const asked = `const routes = require("node:fs").readFileSync("/proc/net/route", "utf8").split("\\n").map((line) => line.split("\\t"));
const machine = routes.find((route) => route[1] === "00000000")[2].match(/../g).reverse().map((byte) => parseInt(byte, 16)).join(".");
http.get({ host: machine, port: ${port} }, (r) => r.statusCode === 200 ? server.listen(process.env.PORT, "0.0.0.0") : setInterval(() => {}, 1000));`;
  return {
    server: (answer) => SERVER(answer).replace(/^server\.listen\(.*$/m, () => asked),
    turnOff: () => {
      isOn = false;
    },
    close: () => new Promise((resolve) => switched.close(() => resolve())),
  };
}
