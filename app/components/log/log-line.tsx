import { type KeyboardEvent, type MouseEvent, memo } from "react";
import type { LogLine } from "../../../server/logs/codec";
import { ansiRuns } from "./ansi";
import { toneOf } from "./model";

type Props = {
  line: LogLine;
  /** When the run began, in seconds; null for a log without a beginning. */
  begin: number | null;
  /** The time of day instead of the time since the beginning. */
  isClock: boolean;
  word: string;
  isLinked: boolean;
  isCurrent: boolean;
  /** Its number can be reached by Tab; the other numbers by the arrow keys. */
  isStop: boolean;
  onLink?: (n: number, isRange: boolean) => void;
};

/** One line: its number (a link), its time, its text with colours and search marks. */
export const LogLineRow = memo(function LogLineRow({ line, begin, isClock, word, isLinked, isCurrent, isStop, onLink }: Props) {
  const tone = toneOf(line);
  const className = ["line", tone || (line.e ? "std-err" : ""), isLinked ? "is-linked" : ""].filter(Boolean).join(" ");
  const link = (event: MouseEvent | KeyboardEvent) => {
    if (!onLink || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    onLink(line.n, event.shiftKey);
  };
  return (
    <div id={`L${line.n}`} className={className}>
      <a
        href={`#L${line.n}`}
        tabIndex={isStop ? undefined : -1}
        title={onLink ? "Link this line; with Shift, the lines up to here" : undefined}
        aria-label={`Line ${line.n}`}
        aria-current={isLinked || undefined}
        onClick={link}
        onKeyDown={(event) => (event.key === "Enter" && event.shiftKey ? link(event) : undefined)}
      >
        {line.n}
      </a>
      <time title={new Date(line.t / 1000).toISOString()}>{begin === null || isClock ? clock(line.t) : (line.t / 1e6 - begin).toFixed(1)}</time>
      {begin === null ? <b className="t3">{line.s}</b> : null}
      <span className="text">
        {ansiRuns(line.x).map((run, index) => (
          <span key={index} className={run.className || undefined}>
            <Marked text={run.text} word={word} isCurrent={isCurrent} />
          </span>
        ))}
      </span>
    </div>
  );
});

/** In UTC, as the downloaded log has it. */
const clock = (micros: number) => new Date(micros / 1000).toISOString().slice(11, 19);

function Marked({ text, word, isCurrent }: { text: string; word: string; isCurrent: boolean }) {
  if (word === "") return text;
  const parts: (string | { hit: string; at: number })[] = [];
  const lower = text.toLowerCase();
  // A few letters grow in lower case; places in the one text are then not places in the other.
  if (lower.length !== text.length) return text;
  let from = 0;
  for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, from)) {
    parts.push(text.slice(from, at), { hit: text.slice(at, at + word.length), at });
    from = at + word.length;
  }
  parts.push(text.slice(from));
  return parts.map((part) =>
    typeof part === "string" ? (
      part
    ) : (
      <mark key={part.at} className={isCurrent ? "is-current" : undefined}>
        {part.hit}
      </mark>
    ),
  );
}
