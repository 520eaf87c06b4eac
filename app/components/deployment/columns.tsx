import { tenths } from "../time/format";
import { CLASS_WORD, type Column } from "../time/stream-model";
import { Icon } from "../ui/icon";

type Props = {
  columns: Column[];
  lit: string | null;
  onLit: (step: string | null) => void;
  buildNote: string | null;
  isBuildOpen: boolean;
  onBuild: () => void;
};

/** One equal column a step, so that a step of half a second can be read beside one of a minute. */
export function Columns({ columns, lit, onLit, buildNote, isBuildOpen, onBuild }: Props) {
  return (
    <ol className="cols">
      {columns.map((column) => (
        <li
          key={column.step}
          className={`${classOf(column)}${lit === column.step ? " is-lit" : ""}`}
          aria-current={column.phase === "running" ? "step" : undefined}
          onMouseEnter={() => onLit(column.step)}
          onMouseLeave={() => onLit(null)}
        >
          <b>{column.step}</b>
          <Seconds column={column} />
          <StateOf column={column} />
          {column.step === "build" && buildNote !== null ? (
            <span className="u">
              <button type="button" className="btn-link" aria-expanded={isBuildOpen} aria-controls="build" onClick={onBuild}>
                <Icon name={isBuildOpen ? "up" : "down"} small />
                {buildNote}
              </button>
            </span>
          ) : (
            <Usual column={column} />
          )}
        </li>
      ))}
    </ol>
  );
}

function classOf({ phase }: Column): string {
  if (phase === "running") return "is-now";
  if (phase === "ahead") return "is-ahead";
  if (phase === "failed") return "is-failed";
  return phase === "skipped" || phase === "off" ? "is-off" : "";
}

function Seconds({ column }: { column: Column }) {
  if (column.seconds === null) return <span className="d">–</span>;
  return (
    <span className="d">
      {column.phase === "ahead" ? "~" : ""}
      {tenths(column.seconds)}
      <small>{"\u202fs"}</small>
    </span>
  );
}

const GLYPH = { va: "work", nnva: "support", wait: "wait" } as const;

function StateOf({ column }: { column: Column }) {
  const [glyph, word] = ((): [string, string] => {
    switch (column.phase) {
      case "running":
        return ["running", "running"];
      case "ahead":
        return ["queued", "ahead"];
      case "skipped":
        return ["cancelled", "skipped"];
      case "off":
        return ["cancelled", "not run"];
      case "failed":
        return ["failed", "failed"];
      case "cancelled":
        return ["cancelled", "stopped"];
      case "done":
        return [GLYPH[column.class], CLASS_WORD[column.class]];
    }
  })();
  return <span className={`state state-12 g-${glyph}`}>{word}</span>;
}

/** Beside what it took, what it usually takes; over it by half and more than a second is marked. */
function Usual({ column }: { column: Column }) {
  const { seconds, usual, phase } = column;
  if (phase === "running" && usual !== null) return <span className="u">of ~{tenths(usual)}</span>;
  if (usual === null || seconds === null || phase === "ahead" || phase === "running") return <span className="u">{"\u00a0"}</span>;
  const over = seconds - usual;
  if (over > 1 && over > usual * 0.5) return <span className="u over">+{tenths(over)} over</span>;
  return <span className="u">usual {tenths(usual)}</span>;
}
