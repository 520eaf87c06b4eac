import { Link } from "@remix-run/react";
import type { MachineUse } from "../../../server/usage/schema";
import { counted } from "../time/format";
import { vars } from "../time/mini";
import { within } from "../time/size";

/** Shares from which on memory or disk warns, and from which on it is nearly all; a processor that is busy has only no more to give. */
const MUCH = 0.75;
const FULL = 0.9;
const MOST = 8;

/** What there is of each machine, and how much of it is used. */
export function Machines({ machines }: { machines: MachineUse[] }) {
  const away = machines.filter((one) => one.state !== "ready");
  return (
    <section aria-labelledby="machines">
      <div className="sect-head">
        <h2 id="machines">Resources</h2>
        <p className="answer">{sumText(machines)}</p>
        <Link className="aside link small" to="/nodes">
          Cluster
        </Link>
      </div>
      <table className="tbl stackable machines">
        <caption className="sr">What each node uses</caption>
        <thead>
          <tr>
            <th>Node</th>
            <th>CPU, cores</th>
            <th>Memory</th>
            <th>Disk</th>
          </tr>
        </thead>
        <tbody>
          {machines.slice(0, MOST).map((machine) => (
            <tr key={machine.id}>
              <td className="cut">
                <Link className="strong" to={`/nodes/${machine.id}`} title={machine.name}>
                  {machine.name}
                </Link>
                <br />{" "}
                {machine.state === "ready" ? (
                  <span className="small t3">{machine.isLeader ? "manager, leads" : machine.role}</span>
                ) : (
                  <span className="state state-12 small g-failed">{machine.state}</span>
                )}
              </td>
              <Level head="CPU" used={machine.use?.cpu} of={machine.use?.cores} />
              <Level head="Memory" used={machine.use?.memory} of={machine.use?.memoryTotal} isSize />
              <Level head="Disk" used={machine.use?.disk} of={machine.use?.diskTotal} isSize />
            </tr>
          ))}
        </tbody>
      </table>
      <p className="after small t2">
        {away.length > 0 ? <span className="state state-12 g-failed">{counted(away.length, "node")} away</span> : null}
        {machines.length > MOST ? <span>{counted(machines.length - MOST, "more node")}</span> : null}
        <span className="t3">whoever’s it is; means of the last five minutes</span>
      </p>
    </section>
  );
}

/** The figures stand under the bar: it is for the eye. */
function Level({ head, used, of, isSize = false }: { head: string; used: number | undefined; of: number | undefined; isSize?: boolean }) {
  if (used === undefined || !of)
    return (
      <td className="small t3" data-head={head}>
        not sampled
      </td>
    );
  const share = used / of;
  const look = share >= FULL ? (isSize ? "full" : "warn") : share >= MUCH && isSize ? "warn" : undefined;
  const said = isSize ? within(used, of) : { used: String(Number(used.toFixed(1))), whole: String(of) };
  return (
    <td data-head={head}>
      <span className="bar" aria-hidden="true">
        <i className={look} style={vars({ "--v": Math.min(100, share * 100) })} />
      </span>
      <span className={`small${look ? ` state state-12 g-${look === "full" ? "failed" : "degraded"}` : ""}`}>{said.used}</span>
      <span className="small t3"> / {said.whole}</span>
    </td>
  );
}

function sumText(machines: readonly MachineUse[]): string {
  const used = machines.flatMap(({ use }) => (use ? [use] : []));
  if (used.length === 0) return "Nobody has looked yet.";
  const sum = (key: keyof (typeof used)[number]) => used.reduce((total, one) => total + one[key], 0);
  const memory = within(sum("memory"), sum("memoryTotal"));
  return `${sum("cpu").toFixed(1)} of ${sum("cores")} cores, ${memory.used} of ${memory.whole}`;
}
