import { useMemo, useState } from "react";
import { useAppLog } from "~/lib/live";
import type { LogLine } from "../../../server/logs/codec";
import { counted } from "../time/format";
import { useLogKeys } from "./keys";
import { LogBar } from "./log-bar";
import { LogLineRow } from "./log-line";
import { nextFind, search } from "./model";
import { Rows } from "./rows";

/** What an application writes, as it writes it; by replica. */
export function AppLog({ id, first }: { id: string; first: LogLine[] }) {
  const all = useAppLog(id, first);
  const [replica, setReplica] = useState("");
  const [word, setWord] = useState("");
  const [current, setCurrent] = useState(-1);
  const [isWrapped, setWrapped] = useState(false);
  const [wish, setWish] = useState<{ n: number; at: number } | null>(null);
  const replicas = useMemo(() => [...new Set(all.map((line) => line.s))].sort(), [all]);
  const lines = useMemo(() => (replica === "" ? all : all.filter((line) => line.s === replica)), [all, replica]);
  const hits = useMemo(() => search(lines, word), [lines, word]);
  const isHit = useMemo(() => new Set(hits), [hits]);
  const rows = useMemo(() => lines.map((line, at) => ({ kind: "line" as const, line, isFirst: at === 0 })), [lines]);
  const row = wish === null ? -1 : lines.findIndex((line) => line.n === wish.n);
  const step = (by: 1 | -1) => {
    if (hits.length === 0) return;
    const next = nextFind(current, by, hits.length);
    setCurrent(next);
    setWish({ n: hits[next] ?? 0, at: Date.now() });
  };
  useLogKeys(hits.length > 0 ? step : null);
  return (
    <section className={`log is-app${isWrapped ? " is-wrapped" : ""}`} aria-label="Log">
      <LogBar
        said={`${counted(lines.length, "line")}, following`}
        word={word}
        onWord={(next) => {
          setWord(next);
          setCurrent(-1);
        }}
        hits={hits.length}
        current={Math.min(current, Math.max(0, hits.length - 1))}
        onStep={step}
        isWrapped={isWrapped}
        onWrap={() => setWrapped(!isWrapped)}
        download={`/apps/${id}/log.txt`}
      >
        {replicas.length > 1 ? (
          <select className="input log-replica" aria-label="Replica" value={replica} onChange={(event) => setReplica(event.target.value)}>
            <option value="">all replicas</option>
            {replicas.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        ) : null}
      </LogBar>
      {lines.length === 0 ? (
        <p className="log-none t3">No line yet. What the application writes to its standard output appears here as it is written.</p>
      ) : null}
      <div className="log-rows">
        <Rows
          rows={rows}
          isWrapped={isWrapped}
          target={wish !== null && row >= 0 ? { row, at: wish.at } : null}
          follow
          render={(one) =>
            one.kind === "line" ? (
              <LogLineRow
                line={one.line}
                begin={null}
                isClock
                isStop={one.isFirst}
                word={isHit.has(one.line.n) ? word.trim().toLowerCase() : ""}
                isLinked={false}
                isCurrent={one.line.n === hits[Math.max(0, current)]}
              />
            ) : null
          }
        />
      </div>
    </section>
  );
}
