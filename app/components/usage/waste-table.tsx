import { Link } from "@remix-run/react";
import type { CSSProperties } from "react";
import { cores, memory, saidOf, spareOf } from "../../../server/usage/notation";
import type { AppUse } from "../../../server/usage/schema";
import { size } from "../time/size";
import { type Column, Records } from "../ui/records";

/** Solid is what was used at most, dashed what is given: the gap is the waste. */
export function Share({ used, given }: { used: number; given: number | null }) {
  if (given === null) return null;
  const part = Math.min(100, given === 0 ? 0 : (used / given) * 100);
  return (
    <span className="given" aria-hidden="true">
      <i style={{ "--v": part } as CSSProperties} className={part >= 90 ? "is-tight" : undefined} />
    </span>
  );
}

const givenOf = ({ reserved, limit }: { reserved: number | null; limit: number | null }) => reserved ?? limit;

const columns = (query: string, withProject: boolean): Column<AppUse & { id: string }>[] => [
  {
    head: "Application",
    className: "full name",
    cell: (one) => (
      <>
        <Link className="strong" to={`/apps/${one.app}/usage${query}`}>
          {one.name}
        </Link>
        <span className="small t3 under">
          {withProject ? `${one.project}, ` : ""}
          {one.environment}, {one.replicas === 0 ? "not running" : `${one.replicas} ${one.replicas === 1 ? "replica" : "replicas"}`}
        </span>
      </>
    ),
  },
  {
    head: "Memory",
    isNamedOnPhone: true,
    className: "wrap-cell said-cell",
    cell: (one) => (
      <>
        <Share used={one.memory.most} given={givenOf(one.memory)} />
        {saidOf(one, "memory")}
      </>
    ),
  },
  { head: "Memory spare", isNamedOnPhone: true, className: "num", cell: (one) => <Spare one={one} of="memory" /> },
  {
    head: "Processor",
    isNamedOnPhone: true,
    className: "wrap-cell said-cell",
    cell: (one) => (
      <>
        <Share used={one.cpu.most} given={givenOf(one.cpu)} />
        {saidOf(one, "cpu")}
      </>
    ),
  },
  { head: "Processor spare", isNamedOnPhone: true, className: "num", cell: (one) => <Spare one={one} of="cpu" /> },
  {
    head: "Disk",
    isNamedOnPhone: true,
    className: "num t2",
    cell: (one) => (one.disk === null ? "not measured" : size(one.disk.volumes + one.disk.images + one.disk.writable)),
  },
];

function Spare({ one, of }: { one: AppUse; of: "cpu" | "memory" }) {
  const { spare, reserved, limit } = one[of];
  if (spare !== null) return <b>{spareOf(one, of) === "none spare" ? "none" : of === "cpu" ? cores(spare) : memory(spare)}</b>;
  return <span className="t3">{reserved === null && limit === null ? "no limit" : "too early to say"}</span>;
}

/** Applications by what they do not use of what they are given. */
export function WasteTable({ apps, query, csv, withProject }: { apps: AppUse[]; query: string; csv: string; withProject: boolean }) {
  const spare = apps.reduce((sum, one) => sum + (one.memory.spare ?? 0), 0);
  const known = apps.filter((one) => one.memory.spare !== null).length;
  return (
    <section aria-labelledby="waste">
      <div className="sect-head">
        <h2 id="waste">What is given and not used?</h2>
        {apps.length === 0 ? null : (
          <p className="answer">
            {known === 0 ? <b>Too early to say.</b> : <b>{spare === 0 ? "Nothing that one could tell." : `${memory(spare)} of memory.`}</b>} Against the most
            that was used.
          </p>
        )}
        <a className="aside link small" href={csv} download>
          CSV<span className="sr">: applications</span>
        </a>
      </div>
      <Records
        caption="Applications, those with the most spare memory first"
        items={apps.map((one) => ({ ...one, id: one.app }))}
        columns={columns(query, withProject)}
        empty="No application ran in this time. What is deployed shows up here within twenty seconds."
      />
      {apps.length === 0 ? null : (
        <p className="small t3 usage-note">
          Dashed is what is given, solid what was used at most. A reservation goes before a limit: it is kept from others. Peaks of several machines are added,
          so that no less is counted than there was. Nothing is called spare before an hour was looked at.
        </p>
      )}
    </section>
  );
}
