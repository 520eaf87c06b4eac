import net from "node:net";

/** A line to the dashboard that can be cut and mended: what hangs on it is lost, as when somebody's network is away. */
export async function openLine(dashboard: string) {
  const { hostname, port } = new URL(dashboard);
  const open = new Set<net.Socket>();
  let isCut = false;
  const server = net.createServer((near) => {
    if (isCut) return void near.destroy();
    const far = net.connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, hostname, resolve));
  const { port: own } = server.address() as net.AddressInfo;
  const end = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://${hostname}:${own}`,
    cut() {
      isCut = true;
      end();
    },
    mend() {
      isCut = false;
    },
    close() {
      server.close();
      end();
    },
  };
}
