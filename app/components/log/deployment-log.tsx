import { useCallback, useEffect, useMemo, useState } from "react";
import { useDeploymentLog } from "~/lib/live";
import type { DeploymentStatus } from "../../../server/deployments/schema";
import type { LogLine } from "../../../server/logs/codec";
import { counted, tenths } from "../time/format";
import type { Column } from "../time/stream-model";
import { Glyph, Icon } from "../ui/icon";
import { useLogKeys } from "./keys";
import { LogBar } from "./log-bar";
import { LogLineRow } from "./log-line";
import { extended, type Group, groupLines, hashOf, type LineRange, linkedLines, nextFind, numbersOf, rowsOf, search, type View } from "./model";
import { Rows } from "./rows";

type Props = { id: string; first: LogLine[]; total: number; createdAt: string; columns: Column[]; status: DeploymentStatus; step: string | null };
const OPEN_ALL_UP_TO = 400;

/** A deployment's log, folded by step; it follows while the run goes on. */
export function DeploymentLog({ id, first, total, createdAt, columns, status, step }: Props) {
  const isRunning = status === "queued" || status === "running";
  const lines = useDeploymentLog(id, first);
  const groups = useMemo(() => groupLines(lines), [lines]);
  const [folds, setFolds] = useState<Record<string, boolean>>({});
  const [word, setWord] = useState("");
  const [current, setCurrent] = useState(-1);
  const [isWrapped, setWrapped] = useState(false);
  const [isClock, setClock] = useState(false);
  const [linked, setLinked] = useState<LineRange | null>(null);
  const [wish, setWish] = useState<{ n: number; at: number } | null>(null);

  const hits = useMemo(() => search(lines, word), [lines, word]);
  const isHit = useMemo(() => new Set(hits), [hits]);
  const failed = columns.find((column) => column.phase === "failed" || column.phase === "cancelled")?.step;
  const wanted = wish?.n ?? null;
  const rows = useMemo(() => {
    return rowsOf(groups, (group): View => {
      const { from, to } = numbersOf(group);
      if (wanted !== null && wanted >= from && wanted <= to) return "whole";
      if (isHit.size > 0 && group.lines.some((line) => isHit.has(line.n))) return "whole";
      const chosen = folds[group.key];
      if (chosen !== undefined) return chosen ? "whole" : "closed";
      if (isRunning && group.step === step) return "whole";
      return lines.length <= OPEN_ALL_UP_TO || group.step === failed ? "short" : "closed";
    });
  }, [groups, wanted, isHit, folds, lines.length, failed, isRunning, step]);

  useEffect(() => {
    const look = () => {
      const lines = linkedLines(location.hash);
      setLinked(lines);
      if (lines !== null) setWish({ n: lines.from, at: Date.now() });
    };
    look();
    window.addEventListener("hashchange", look);
    return () => window.removeEventListener("hashchange", look);
  }, []);

  const target = targetOf(rows, wish);
  const goTo = (index: number) => {
    const n = hits[index];
    if (n === undefined) return;
    setCurrent(index);
    setWish({ n, at: Date.now() });
  };
  const stepBy = (by: 1 | -1) => goTo(nextFind(current, by, hits.length));
  useLogKeys(hits.length > 0 ? stepBy : null);
  // The address changes without a jump: the line that was pressed is in sight.
  const link = useCallback((n: number, isRange: boolean) => {
    const lines = isRange ? extended(linkedLines(location.hash), n) : { from: n, to: n };
    history.replaceState(history.state, "", hashOf(lines));
    setLinked(lines);
  }, []);
  const fold = (group: Group, isClosed: boolean) => {
    setWish(null);
    setFolds((before) => ({ ...before, [group.key]: !isClosed }));
  };
  const currentLine = hits[Math.max(0, Math.min(current, hits.length - 1))];
  const begin = Date.parse(createdAt) / 1000;
  const shown = Math.max(total, lines.length);

  return (
    <section className={`log${isWrapped ? " is-wrapped" : ""}${isClock ? " is-clock" : ""}`} aria-label="Log">
      <LogBar
        said={`${counted(shown, "line")}${isRunning ? ", following" : lines.length < total ? `, ${counted(lines.length, "line")} here so far` : ""}`}
        word={word}
        onWord={(next) => {
          setWord(next);
          setCurrent(-1);
        }}
        hits={hits.length}
        current={Math.min(current, Math.max(0, hits.length - 1))}
        onStep={stepBy}
        isWrapped={isWrapped}
        onWrap={() => setWrapped(!isWrapped)}
        clock={{ isOn: isClock, onToggle: () => setClock(!isClock) }}
        download={`/deployments/${id}/log.txt`}
      />
      {lines.length === 0 ? <p className="log-none t3">{emptyWords(status, shown)}</p> : null}
      <div className="log-rows">
        <Rows
          rows={rows}
          isWrapped={isWrapped}
          target={target}
          follow={isRunning}
          render={(row) =>
            row.kind === "head" ? (
              <Head
                group={row.group}
                isOpen={row.isOpen}
                column={columns.find((column) => column.step === row.group.step)}
                onToggle={() => fold(row.group, row.isOpen)}
              />
            ) : row.kind === "gap" ? (
              <button type="button" className="log-gap" onClick={() => fold(row.group, false)}>
                {counted(row.count, "line")} folded, {row.from}–{row.to}
              </button>
            ) : (
              <LogLineRow
                line={row.line}
                begin={begin}
                word={isHit.has(row.line.n) ? word.trim().toLowerCase() : ""}
                isClock={isClock}
                isLinked={linked !== null && row.line.n >= linked.from && row.line.n <= linked.to}
                isCurrent={row.line.n === currentLine}
                isStop={row.isFirst || row.line.n === linked?.from}
                onLink={link}
              />
            )
          }
        />
      </div>
    </section>
  );
}

function emptyWords(status: DeploymentStatus, total: number): string {
  if (status === "queued") return "It waits for its turn. The first lines come when it starts.";
  if (status === "running") return "The first lines are on their way.";
  return total > 0 ? "Reading the log …" : "This run wrote no line.";
}

/** The row of the line that was asked for; null until the line has come. */
function targetOf(rows: ReturnType<typeof rowsOf>, wish: { n: number; at: number } | null): { row: number; at: number } | null {
  const row = wish === null ? -1 : rows.findIndex((one) => one.kind === "line" && one.line.n === wish.n);
  return wish !== null && row >= 0 ? { row, at: wish.at } : null;
}

const GLYPH: Record<Column["phase"], string> = {
  done: "succeeded",
  running: "running",
  failed: "failed",
  cancelled: "cancelled",
  ahead: "queued",
  skipped: "cancelled",
  off: "cancelled",
};

function Head({ group, isOpen, column, onToggle }: { group: Group; isOpen: boolean; column: Column | undefined; onToggle: () => void }) {
  const { from, to } = numbersOf(group);
  return (
    <button type="button" id={`log-${group.key}`} className="log-head" aria-expanded={isOpen} onClick={onToggle}>
      <Icon name="right" />
      <Glyph state={column ? (column.phase === "done" && column.class === "wait" ? "wait" : GLYPH[column.phase]) : "dot"} small />
      <b>{group.step}</b>
      <span className="t3">{from === to ? from : `${from}–${to}`}</span>
      {isOpen ? null : <span className="folded t3">{counted(group.lines.length, "line")}</span>}
      {column?.seconds != null && column.phase !== "running" ? <span className="d">{tenths(column.seconds)}</span> : null}
    </button>
  );
}
