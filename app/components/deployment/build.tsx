import type { SpanView } from "../../../server/deployments/schema";
import { duration, tenths, tick } from "../time/format";
import { vars } from "../time/mini";
import { niceScale, ticks } from "../time/scale";
import type { Column } from "../time/stream-model";

type Bar = { key: string; name: string; from: number; length: number; look: string; isCached: boolean; saved: number | null };

const nameOf = (span: SpanView): string => (typeof span.detail.name === "string" ? span.detail.name : span.step);
/** What the cache saved, in seconds. */
export const savedOf = (span: SpanView): number | null => (typeof span.detail.savedS === "number" ? span.detail.savedS : null);

/** BuildKit's steps inside `build`: the spans whose parent is the build's. A build that still runs has no span of its own yet. */
export function childrenOf(spans: SpanView[]): SpanView[] {
  const tops = new Map(spans.filter((span) => span.parent === null && span.id !== undefined).map((span) => [span.id, span.step]));
  const isBuilding = spans.some((span) => span.step === "build" && span.finishedAt === null);
  return spans.filter((span) => span.parent !== null && (tops.get(span.parent) ?? (isBuilding ? "build" : "")) === "build");
}

/** `6/10 cached`, the way into the build. */
export function buildNoteOf(children: SpanView[]): string | null {
  if (children.length === 0) return null;
  const cached = children.filter((span) => span.cached).length;
  return cached > 0 ? `${cached}/${children.length} cached` : `${children.length} steps`;
}

export function InsideBuild({ spans, columns, now }: { spans: SpanView[]; columns: Column[]; now: number }) {
  const index = columns.findIndex((column) => column.step === "build");
  const build = columns[index];
  if (!build) return null;
  const begin = Math.min(...spans.filter((span) => span.step === "build" || span.parent !== null).map((span) => Date.parse(span.startedAt)));
  const end = (span: SpanView) => (span.finishedAt === null ? now : Date.parse(span.finishedAt));
  const bars = spans.map((span, at): Bar => {
    const saved = savedOf(span);
    const length = Math.max(0, end(span) - Date.parse(span.startedAt)) / 1000;
    return {
      key: span.id ?? `${span.step}-${at}`,
      name: nameOf(span),
      from: (Date.parse(span.startedAt) - begin) / 1000,
      length: span.cached ? (saved ?? length) : length,
      look: span.cached ? "cached" : `${span.class}${span.outcome === "failed" ? " failed" : ""}`,
      isCached: span.cached,
      saved,
    };
  });
  const longest = Math.max(0.1, ...bars.map((bar) => bar.from + bar.length));
  const scale = niceScale(longest);
  const sum = bars.filter((bar) => !bar.isCached).reduce((total, bar) => total + bar.length, 0);
  const saved = bars.reduce((total, bar) => total + (bar.saved ?? 0), 0);
  const cached = bars.filter((bar) => bar.isCached).length;
  const column = (at: number) => Math.round((at / columns.length) * 1000);
  return (
    <section className="build" id="build" style={vars({ "--max": scale.max })} aria-label="Inside build">
      <svg className="fan fan-b" viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden="true">
        <polygon className="f-va" points={`${column(index)},0 ${column(index + 1)},0 1000,24 0,24`} />
        <path d={`M${column(index)},0L0,24M${column(index + 1)},0L1000,24`} />
      </svg>
      <div className="build-head">
        <h3>Inside build</h3>
        <span className="t2">{duration(build.seconds ?? longest)}</span>
        {saved > 0 ? <span className="t2">cache saved {duration(saved)}</span> : cached > 0 ? <span className="t2">{cached} from the cache</span> : null}
      </div>
      <ol className="gantt">
        <li className="ruler-row" aria-hidden="true">
          <span />
          <div className="ruler">
            {ticks(scale, tick).map((mark) => (
              <span key={mark.at} style={vars({ "--s": mark.at })}>
                {mark.label}
              </span>
            ))}
          </div>
          <span />
        </li>
        {bars.map((bar) => (
          <li key={bar.key}>
            <span className="mono cut" title={bar.name}>
              {bar.name}
            </span>
            <div className="time">
              <span className={`seg ${bar.look}`} style={vars({ "--s": bar.from, "--d": bar.length })} />
            </div>
            <span className="num">
              {bar.isCached ? (
                <span className="state state-12 g-cached">{bar.saved === null ? "cached" : `saved ${tenths(bar.saved)}\u202fs`}</span>
              ) : (
                `${tenths(bar.length)}\u202fs`
              )}
            </span>
          </li>
        ))}
      </ol>
      <p className="small t3 build-foot">
        Bars add up to {tenths(sum)}&#8239;s; steps that ran side by side count once in the build.{cached > 0 ? " Dashed bars are time not spent." : ""}
      </p>
    </section>
  );
}
