import type { ReactNode } from "react";
import { Icon } from "../ui/icon";

type Props = {
  said: ReactNode;
  word: string;
  onWord: (word: string) => void;
  hits: number;
  current: number;
  onStep: (by: 1 | -1) => void;
  isWrapped: boolean;
  onWrap: () => void;
  /** Absent where every line has the time of day anyway. */
  clock?: { isOn: boolean; onToggle: () => void };
  download: string;
  children?: ReactNode;
};

/** Title, search with its count and steps, time, wrap and download. */
export function LogBar({ said, word, onWord, hits, current, onStep, isWrapped, onWrap, clock, download, children }: Props) {
  return (
    <div className="log-bar">
      <h2>Log</h2>
      <span className="t3 small">{said}</span>
      {children}
      <span className="find">
        <Icon name="search" />
        <input
          className="input"
          type="search"
          value={word}
          placeholder="Search the log"
          aria-label="Search the log"
          onChange={(event) => onWord(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") onStep(event.shiftKey ? -1 : 1);
            if (event.key !== "Escape") return;
            // A browser would empty the field: the finds stay for n and N.
            event.preventDefault();
            event.currentTarget.blur();
          }}
        />
        <output className="small t3" aria-live="polite">
          {word.trim() === "" ? "" : hits === 0 ? "none" : `${Math.max(0, current) + 1} of ${hits}`}
        </output>
      </span>
      {hits > 0 ? (
        <span className="find-steps">
          <button type="button" className="btn btn-small btn-icon" aria-label="Previous find" title="Previous find (N)" onClick={() => onStep(-1)}>
            <Icon name="up" />
          </button>
          <button type="button" className="btn btn-small btn-icon" aria-label="Next find" title="Next find (n)" onClick={() => onStep(1)}>
            <Icon name="down" />
          </button>
        </span>
      ) : null}
      {clock ? (
        <button
          type="button"
          className="btn btn-small btn-icon"
          aria-label="Time of day"
          title="Time of day (UTC) instead of seconds"
          aria-pressed={clock.isOn}
          onClick={clock.onToggle}
        >
          <Icon name="clock" />
        </button>
      ) : null}
      <button type="button" className="btn btn-small btn-icon" aria-label="Wrap lines" title="Wrap lines" aria-pressed={isWrapped} onClick={onWrap}>
        <Icon name="wrap" />
      </button>
      <a className="btn btn-small btn-icon" aria-label="Download the log" title="Download the log" href={download} download>
        <Icon name="download" />
      </a>
    </div>
  );
}
