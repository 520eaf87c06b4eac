import { Bar, CartesianGrid, ComposedChart, Line, ReferenceArea, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { cores } from "../../../server/usage/notation";
import { duration, tick } from "../time/format";
import { size } from "../time/size";
import { axisOf, type Unit } from "./units";

/** A line or bars: the values of one key of the rows. `support` is the earlier of two periods. */
export type Mark = { key: string; name: string; look: "work" | "support"; shape: "line" | "bar"; dash?: boolean };
/** A level across the chart, named beside it or, `isInside`, above its line. */
export type Level = { at: number; label: string; look: "mean" | "limit" | "target"; isInside?: boolean };
/** Something that happened at a row, by its name. */
export type Happening = { x: string; label: string };
export type Row = { x: string; signal?: boolean } & Record<string, string | number | boolean | null | undefined>;
export type Drawing = {
  name: string;
  height: number;
  unit: Unit;
  rows: Row[];
  marks: Mark[];
  levels?: Level[];
  /** A stretch between two rows' names: a change that was made. */
  change?: { from: string; to: string; label: string };
  hasAxis?: boolean;
  happenings?: Happening[];
  /** How rows' names are written on the axis, where they are more than a text. */
  nameOf?: (x: string) => string;
};

const INK = { work: "var(--work-mark)", support: "var(--support-mark)" } as const;
const DASH = { mean: undefined, limit: "2 3", target: "4 3" } as const;
const TEXT = { fill: "var(--text-3)", fontSize: 11 } as const;

const say: Record<Unit, (value: number) => string> = {
  seconds: duration,
  share: (value) => `${(value * 100).toFixed(1)}\u202f%`,
  number: (value) => Number(value.toFixed(2)).toString(),
  cores,
  bytes: size,
  rate: (value) => `${size(value)}/s`,
};
const axisText: Record<Unit, (value: number) => string> = {
  seconds: tick,
  share: (value) => `${Number((value * 100).toFixed(1))}\u202f%`,
  number: (value) => Number(value.toFixed(2)).toString(),
  cores: (value) => Number(value.toPrecision(2)).toString(),
  bytes: plainSize,
  rate: plainSize,
};
/** On an axis `64 MiB`, not `64.0 MiB`. */
function plainSize(bytes: number): string {
  return bytes === 0 ? "0" : size(bytes).replace(".0", "");
}

/** One chart in the product's own ink. It is hidden from readers of the screen, who are given the table. */
export default function Draw({ drawing }: { drawing: Drawing }) {
  const { rows, marks, unit, height, levels = [], change, hasAxis = true, happenings = [], nameOf = String } = drawing;
  const values = rows.flatMap((row) => marks.map(({ key }) => row[key])).filter((value): value is number => typeof value === "number");
  const axis = axisOf(unit, Math.max(0, ...values, ...levels.map((level) => level.at)));
  return (
    <ResponsiveContainer width="100%" height={height}>
      <ComposedChart
        data={rows}
        margin={{ top: 16, right: levels.some((level) => !level.isInside) ? 86 : 12, bottom: hasAxis ? 0 : 8, left: 0 }}
        accessibilityLayer={false}
        barCategoryGap="18%"
        barGap={1}
      >
        <CartesianGrid vertical={false} stroke="var(--border-1)" />
        <XAxis dataKey="x" hide={!hasAxis} tick={TEXT} tickFormatter={nameOf} tickLine={false} axisLine={{ stroke: "var(--border-2)" }} minTickGap={18} />
        <YAxis width={52} interval={0} domain={axis.domain} ticks={axis.ticks} tickFormatter={axisText[unit]} tick={TEXT} tickLine={false} axisLine={false} />
        {change ? (
          <ReferenceArea
            x1={change.from}
            x2={change.to}
            fill="var(--running-tint)"
            fillOpacity={0.75}
            label={{ value: change.label, position: "insideTopLeft", fill: "var(--running-text)", fontSize: 11 }}
          />
        ) : null}
        {happenings.map(({ x, label }) => (
          <ReferenceLine key={x} x={x} stroke="var(--text-3)" strokeDasharray="1 3" label={{ value: label, position: "insideTopLeft", ...TEXT }} />
        ))}
        {levels.map(({ at, label, look, isInside }) => (
          <ReferenceLine
            key={label}
            y={at}
            stroke={look === "target" ? "var(--text-2)" : "var(--text-3)"}
            {...(DASH[look] ? { strokeDasharray: DASH[look] } : {})}
            label={{ value: label, position: isInside ? "insideBottomRight" : "right", ...TEXT }}
          />
        ))}
        {marks.map((mark) => draw(mark, rows))}
        <Tooltip
          content={({ active, payload, label: at }) => (
            <Said active={active} payload={payload} label={at === undefined ? at : nameOf(String(at))} unit={unit} />
          )}
          cursor={{ fill: "var(--surface-3)", fillOpacity: 0.4, stroke: "var(--border-2)" }}
          isAnimationActive={false}
        />
      </ComposedChart>
    </ResponsiveContainer>
  );
}

/** More points than this are a line without dots, but for one that no neighbour leads to. */
const MOST_DOTS = 60;
const isAlone = (rows: Row[], key: string, at: number) => rows[at - 1]?.[key] == null && rows[at + 1]?.[key] == null;

function draw({ key, name, look, shape, dash }: Mark, rows: Row[]) {
  if (shape === "bar") return <Bar key={key} dataKey={key} name={name} fill={INK[look]} isAnimationActive={false} maxBarSize={44} />;
  return (
    <Line
      key={key}
      dataKey={key}
      name={name}
      stroke={INK[look]}
      strokeWidth={look === "work" ? 2 : 1.5}
      {...(dash === true ? { strokeDasharray: "5 2" } : {})}
      dot={(dot) =>
        rows.length > MOST_DOTS && !isAlone(rows, key, dot.index) ? (
          <g key={dot.key} />
        ) : (
          <Dot key={dot.key} x={dot.cx} y={dot.cy} ink={INK[look]} isSignal={(dot.payload as Row).signal === true} />
        )
      }
      activeDot={false}
      isAnimationActive={false}
    />
  );
}

/** A signal has a ring: told apart without colour. */
function Dot({ x, y, ink, isSignal }: { x?: number | undefined; y?: number | undefined; ink: string; isSignal: boolean }) {
  if (x === undefined || y === undefined || x === null || y === null) return <g />;
  return (
    <g>
      {isSignal ? <circle cx={x} cy={y} r={7.5} fill="none" stroke="var(--wait-mark)" strokeWidth={2} /> : null}
      <circle cx={x} cy={y} r={3.5} fill={ink} />
    </g>
  );
}

type SaidProps = { active?: boolean; payload?: readonly { dataKey?: unknown; name?: unknown; value?: unknown }[]; label?: unknown };

function Said({ active, payload, label, unit }: SaidProps & { unit: Unit }) {
  if (!active || !payload || payload.length === 0) return null;
  return (
    <div className="chart-tip small">
      <b>{String(label)}</b>
      {payload.map((one) => (
        <span key={String(one.dataKey)}>
          {String(one.name)} {typeof one.value === "number" ? say[unit](one.value) : "not known"}
        </span>
      ))}
    </div>
  );
}
