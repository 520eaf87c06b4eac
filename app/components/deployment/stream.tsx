import { useState } from "react";
import { type Fan, fanOf } from "../time/fan";
import { placeFlags } from "../time/flags";
import { duration, tick } from "../time/format";
import { vars } from "../time/mini";
import { niceScale, ticks } from "../time/scale";
import type { Column, StreamModel } from "../time/stream-model";
import { Columns } from "./columns";

type Props = {
  model: StreamModel;
  /** Seconds within which nine of ten such runs end; null when that is not known. */
  latest?: number | null;
  liveAt: number | null;
  status: string;
  buildNote: string | null;
  isBuildOpen: boolean;
  onBuild: () => void;
};

/** Room to the right of the last step for its flag. */
const ROOM = 1.08;

/** A run drawn to time; under it one equal column a step; between them the fan that carries each boundary across. */
export function Stream({ model, latest = null, liveAt, status, buildNote, isBuildOpen, onBuild }: Props) {
  const [lit, setLit] = useState<string | null>(null);
  const { columns, segments, elapsed, predicted, isRunning } = model;
  const scale = niceScale(Math.max(elapsed, predicted ?? 0, latest ?? 0) * ROOM);
  const fan = fanOf(
    columns.map((column) => (column.seconds === null ? null : { from: column.from, to: column.to, look: lookOf(column) })),
    scale.max,
  );
  const ran = columns.filter((column) => column.seconds !== null);
  const label = `${columns.length} steps, ${duration(elapsed)}${isRunning ? " so far" : ""}: ${ran.map((column) => `${column.step} ${column.seconds?.toFixed(1)} s`).join(", ")}`;
  return (
    <figure className="stream" style={vars({ "--max": scale.max, "--columns": columns.length })} aria-label={label}>
      <Flags model={model} max={scale.max} liveAt={liveAt} status={status} />
      <div className="ruler" aria-hidden="true">
        {ticks(scale, tick).map((mark) => (
          <span key={mark.at} style={vars({ "--s": mark.at })}>
            {mark.label}
          </span>
        ))}
      </div>
      <div className="time main">
        {segments.map((segment) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: hovering lights a step that its column names
          <span
            key={`${segment.step}-${segment.look}-${segment.from}`}
            className={`seg ${segment.look}${lit === segment.step ? " is-lit" : ""}`}
            style={vars({ "--s": segment.from, "--d": segment.length })}
            title={segment.title}
            onMouseEnter={() => setLit(segment.step)}
            onMouseLeave={() => setLit(null)}
          />
        ))}
        {predicted !== null && latest !== null && latest > predicted ? (
          <span className="seg band" style={vars({ "--s": predicted, "--d": latest - predicted })} title={`nine of ten end by ${duration(latest)}`} />
        ) : null}
        {predicted === null ? null : <span className="needle is-ghost" style={vars({ "--s": predicted })} />}
        {isRunning ? <span className="needle now" style={vars({ "--s": elapsed })} /> : null}
        {liveAt === null ? null : <span className="needle is-live" style={vars({ "--s": liveAt })} />}
        {status === "failed" ? <span className="needle is-fail" style={vars({ "--s": elapsed })} /> : null}
      </div>
      <FanShape fan={fan.horizontal} box="0 0 1000 40" className="fan fan-h" lit={litIndex(columns, lit)} />
      <FanShape fan={fan.vertical} box="0 0 40 1000" className="fan fan-v" lit={litIndex(columns, lit)} />
      <Columns columns={columns} lit={lit} onLit={setLit} buildNote={buildNote} isBuildOpen={isBuildOpen} onBuild={onBuild} />
    </figure>
  );
}

const lookOf = (column: Column): string => (column.phase === "ahead" ? "ghost" : column.phase === "failed" ? "failed" : column.class);
const litIndex = (columns: Column[], lit: string | null): number =>
  columns.filter((column) => column.seconds !== null).findIndex((column) => column.step === lit);

function FanShape({ fan, box, className, lit }: { fan: Fan["horizontal"]; box: string; className: string; lit: number }) {
  return (
    <svg className={className} viewBox={box} preserveAspectRatio="none" aria-hidden="true">
      {fan.polygons.map((polygon, index) => (
        <polygon key={polygon.points} className={`f-${polygon.look}${index === lit ? " is-lit" : ""}`} points={polygon.points} />
      ))}
      <path d={fan.path} />
    </svg>
  );
}

/** What the needles say; a flag turns to the side that has room, and the prediction gives way. */
function Flags({ model, max, liveAt, status }: { model: StreamModel; max: number; liveAt: number | null; status: string }) {
  const { elapsed, predicted, isRunning } = model;
  const said = isRunning
    ? { at: elapsed, text: `now ${duration(elapsed)}`, tone: "now" }
    : liveAt !== null
      ? { at: liveAt, text: `live at ${duration(liveAt)}`, tone: "ok" }
      : status === "failed"
        ? { at: elapsed, text: `failed at ${duration(elapsed)}`, tone: "bad" }
        : null;
  const places = placeFlags(said === null ? null : said.at / max, predicted === null ? null : predicted / max);
  return (
    <div className="flags">
      {places.predicted !== null && predicted !== null ? (
        <span className={places.predicted} style={vars({ "--s": predicted })}>
          {isRunning ? "about" : "usually"} {duration(predicted)}
        </span>
      ) : null}
      {said ? (
        <span className={`${places.said} ${said.tone}`} style={vars({ "--s": said.at })}>
          {said.text}
        </span>
      ) : null}
    </div>
  );
}
