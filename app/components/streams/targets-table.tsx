import { Form, Link } from "@remix-run/react";
import { useRefused } from "~/lib/actions";
import type { TargetStream } from "../../../server/improvement/constants";
import { typedText, valueHint } from "../../../server/improvement/notation";
import type { TargetRow } from "../../../server/improvement/targets";
import { count } from "../time/format";
import { Submit } from "../ui/submit";
import { METRIC_PAGES } from "./metrics";
import { Sparkline } from "./sparkline";
import { valueText } from "./target-text";

const STREAMS: Record<TargetStream, string> = {
  deployment: "Deployment: from commit to live",
  provisioning: "Provisioning: from need to available",
  incident: "Incidents: from detection to what was learned",
  onboarding: "Onboarding: from sign-up to productive",
  feature: "Features: from idea to use",
  platform: "The platform itself",
};
const LEVELS = { app: "set for this application", project: "set for this project", team: "set for the team", usual: "usual" } as const;

type Props = { items: TargetRow[]; query: string; place: { project: string | null; app: string | null } };

/** Target, figure, gap and trend of each metric, by stream; the target is changed in its row. */
export function TargetsTable({ items, query, place }: Props) {
  const streams = Object.keys(STREAMS) as TargetStream[];
  return (
    <table className="tbl stackable targets">
      <caption className="sr">Targets, figures and gaps</caption>
      <thead>
        <tr>
          <th>Metric</th>
          <th>Target</th>
          <th className="num">Now</th>
          <th>Gap</th>
          <th>By week</th>
          <th className="num">Period before</th>
          <th>
            <span className="sr">Change the target</span>
          </th>
        </tr>
      </thead>
      {streams.map((stream) => (
        <tbody key={stream}>
          <tr className="group">
            <th colSpan={7} scope="colgroup">
              {STREAMS[stream]}
            </th>
          </tr>
          {items
            .filter((row) => row.stream === stream)
            .map((row) => (
              <Target key={row.key} row={row} query={query} place={place} />
            ))}
        </tbody>
      ))}
    </table>
  );
}

function Target({ row, query, place }: { row: TargetRow; query: string; place: Props["place"] }) {
  const page = METRIC_PAGES.find((one) => one.key === row.key);
  const say = (value: number) => valueText(row.unit, value);
  const known = row.trend.filter((value) => value !== null).length;
  return (
    <tr id={row.key}>
      <td className="full">
        {page ? (
          <Link className="strong" to={`/streams/${page.slug}${query}`}>
            {row.name}
          </Link>
        ) : (
          <span className="strong">{row.name}</span>
        )}
        <br />
        <span className="small t3">{row.statistic}</span>
      </td>
      <td data-head="Target">
        {row.target === null ? (
          <span className="t3">none</span>
        ) : (
          <>
            {row.wanted === "less" ? "≤" : "≥"} {say(row.target)}
          </>
        )}
        {row.level ? (
          <>
            <br />
            <span className="small t3" title={row.from ?? undefined}>
              {LEVELS[row.level]}
              {row.level === "usual" ? "" : `, by ${row.from}`}
            </span>
          </>
        ) : null}
      </td>
      <td className="num" data-head="Now">
        {row.current === null ? (
          <span className="small t3 missing">{row.missing}</span>
        ) : (
          <>
            {say(row.current)}
            <br />
            <span className="small t3">n {count(row.n)}</span>
          </>
        )}
      </td>
      <td data-head="Gap">
        {row.isMet === null ? (
          <span className="t3">–</span>
        ) : row.isMet ? (
          <span className="state g-succeeded">met</span>
        ) : (
          <span className="state g-degraded">{row.unit === "share" ? `${((row.gap ?? 0) * 100).toFixed(1)} points off` : `${say(row.gap ?? 0)} off`}</span>
        )}
      </td>
      <td className="spark-cell">{known < 2 ? null : <Sparkline name={row.name} points={row.trend.map((value) => ({ isBefore: false, value }))} />}</td>
      <td className="num t2" data-head="Before">
        {row.before === null ? "–" : say(row.before)}
      </td>
      <td className="acts full">
        {/* a target that was set closes its form */}
        <Change key={`${row.level} ${row.target}`} row={row} place={place} />
      </td>
    </tr>
  );
}

/** A form in the row, opened by a click and without scripts too. */
function Change({ row, place }: { row: TargetRow; place: Props["place"] }) {
  const refused = useRefused(`set ${row.key}`);
  const wrong = refused?.problem;
  const where = place.app !== null ? "this application" : place.project !== null ? "this project" : "the team";
  const own = place.app !== null ? "app" : place.project !== null ? "project" : "team";
  return (
    <details className="asked" open={wrong ? true : undefined}>
      <summary className="btn btn-small">
        Change<span className="sr"> the target of {row.name}</span>
      </summary>
      <Form method="post" className="dialog" aria-label={`Target of ${row.name}`} preventScrollReset>
        <input type="hidden" name="metric" value={row.key} />
        <label className="field">
          <span>
            {row.name}, for {where}
          </span>
          <input
            className="input"
            name="value"
            autoComplete="off"
            defaultValue={refused?.typed.value ?? (row.target === null ? "" : typedText(row.unit, row.target))}
            aria-invalid={wrong ? true : undefined}
          />
          <span className="hint">{valueHint[row.unit]}</span>
          {wrong ? (
            <span className="wrong" role="alert">
              {wrong.what} {wrong.fix}
            </span>
          ) : null}
        </label>
        <p className="end">
          {row.level === own ? (
            <Submit intent={`clear ${row.key}`} className="btn">
              Take it back
            </Submit>
          ) : null}
          <Submit intent={`set ${row.key}`} className="btn btn-primary" busy="Saving …">
            Set target
          </Submit>
        </p>
      </Form>
    </details>
  );
}
