import { Link } from "@remix-run/react";
import type { UsageReport } from "../../../server/usage/schema";
import { counted } from "../time/format";
import { Ago } from "../ui/time";

/** How fresh the figures are, and what is missing from them. */
export function Seen({ report: { sampledAt, unsampledNodes } }: { report: UsageReport }) {
  return (
    <>
      {sampledAt === null ? null : (
        <span className="t3">
          looked at every 10 s, last <Ago at={sampledAt} />
        </span>
      )}
      {unsampledNodes === 0 || sampledAt === null ? null : (
        <span className="state g-degraded">{counted(unsampledNodes, "node")} not sampled yet: what runs there is missing</span>
      )}
    </>
  );
}

const WHAT = {
  app: "This page shows what this application uses of processor, memory, network and disk, and what it is given and never uses: memory that others could have.",
  project:
    "This page shows what each application of this project uses of processor, memory, network and disk, and what it is given and never uses: memory that others could have.",
  node: "This page shows what the whole machine uses of processor, memory, network and disk, and which of its applications are given more than they ever use.",
} as const;

/** Nobody has looked yet: what the page will say, and why. */
export function NothingSeen({ of }: { of: keyof typeof WHAT }) {
  return (
    <section className="none-yet empty" aria-labelledby="none">
      <h2 id="none">{of === "node" ? "This node is not sampled yet" : "Nothing was looked at yet"}</h2>
      <p>{WHAT[of]}</p>
      <p>
        {of === "node"
          ? "A worker looks at the machine that it runs on. None has looked at this one: the first figures come twenty seconds after one begins."
          : "Nothing needs to be set up: a worker looks every ten seconds at what runs on its machine. The first figures come twenty seconds after it began."}
      </p>
    </section>
  );
}

/** It was looked for, and did not run. */
export function NotRun({ app }: { app: string }) {
  return (
    <section className="none-yet empty" aria-labelledby="none">
      <h2 id="none">It did not run in this time</h2>
      <p>{WHAT.app}</p>
      <p>It is measured while it runs; nothing needs to be set up. Deploy it, or start it, and the first figures come within twenty seconds.</p>
      <p>
        <Link className="btn" to={`/apps/${app}`}>
          To the application
        </Link>
      </p>
    </section>
  );
}
