import { cores, memory, observed, saidOf, spareOf } from "../../../server/usage/notation";
import type { AppUse } from "../../../server/usage/schema";
import { size } from "../time/size";
import { type Column, Records } from "../ui/records";
import { Ago } from "../ui/time";
import { Share } from "./waste-table";

type Line = { id: "memory" | "cpu"; title: string; one: AppUse; say: (value: number) => string };

const orNone = (value: number | null, say: (value: number) => string, none: string) => (value === null ? <span className="t3">{none}</span> : say(value));

const COLUMNS: Column<Line>[] = [
  {
    head: "What",
    className: "full name",
    cell: ({ title, one, id }) => (
      <>
        <b>{title}</b>
        <Share used={one[id].most} given={one[id].reserved ?? one[id].limit} />
      </>
    ),
  },
  { head: "Reserved", isNamedOnPhone: true, className: "num", cell: ({ id, one, say }) => orNone(one[id].reserved, say, "nothing") },
  { head: "Allowed", isNamedOnPhone: true, className: "num", cell: ({ id, one, say }) => orNone(one[id].limit, say, "no limit") },
  { head: "Mean", isNamedOnPhone: true, className: "num", cell: ({ id, one, say }) => (one.n === 0 ? "–" : say(one[id].mean)) },
  { head: "p95", isNamedOnPhone: true, className: "num", cell: ({ id, one, say }) => orNone(one[id].p95, say, "n too small") },
  { head: "Most", isNamedOnPhone: true, className: "num", cell: ({ id, one, say }) => (one.n === 0 ? "–" : say(one[id].most)) },
  {
    head: "Spare",
    isNamedOnPhone: true,
    className: "num",
    cell: ({ id, one }) => <b>{spareOf(one, id)?.replace(" spare", "") ?? <span className="t3 plain">{whyNot(one, id)}</span>}</b>,
  },
];

const whyNot = (one: AppUse, of: "memory" | "cpu") => (one[of].reserved === null && one[of].limit === null ? "no limit" : "too early to say");

/** One application: what it is given against what it used, in a sentence and in figures. */
export function AppSize({ one }: { one: AppUse }) {
  const { disk } = one;
  return (
    <section aria-labelledby="waste">
      <div className="sect-head">
        <h2 id="waste">What is given and not used?</h2>
        <p className="answer">
          <b>{saidOf(one, "memory")}</b> {spareOf(one, "memory") === null ? null : `${capital(spareOf(one, "memory") ?? "")}.`}
        </p>
      </div>
      <Records
        caption="Given and used"
        items={[
          { id: "memory", title: "Memory", one, say: memory },
          { id: "cpu", title: "Processor", one, say: cores },
        ]}
        columns={COLUMNS}
      />
      <p className="small t3 usage-note">
        {one.n === 0
          ? "Nothing was looked at in this time."
          : `Of ${one.replicas === 1 ? "1 replica" : `${one.replicas} replicas`} together, while it ran: ${observed(one)} were looked at. The largest container held ${memory(one.memory.mostOne)}: that is what the limit of one must hold.`}{" "}
        {one.memory.limit === null && one.memory.reserved === null ? (
          <>
            Without a limit it may take what the machine has;{" "}
            <code>
              dokploy app set {one.project}/{one.name} memory=512m cpus=0.5
            </code>{" "}
            sets one.
          </>
        ) : null}
      </p>
      {disk === null ? null : (
        <p className="small t2 usage-note">
          On disk: {size(disk.volumes)} in volumes, {size(disk.images)} in images that no other one shares, {size(disk.writable)} written beside them, measured{" "}
          <Ago at={disk.at} />.
        </p>
      )}
    </section>
  );
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
