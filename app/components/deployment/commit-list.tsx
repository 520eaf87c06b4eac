import { useNow } from "~/lib/clock";
import type { CommitFact } from "../../../server/deployments/changes";
import { plainText } from "../log/ansi";
import { count, counted, relative } from "../time/format";

const SHOWN = 4;

/** The first few commits, the others behind a disclosure that works without JavaScript. What a commit says is text, whatever it holds. */
export function CommitList({ items, total }: { items: CommitFact[]; total: number }) {
  const now = useNow(30_000);
  const shown = items.length <= SHOWN + 1 ? items : items.slice(0, SHOWN);
  const others = items.slice(shown.length);
  return (
    <>
      <ul className="commits">
        {shown.map((commit) => (
          <Commit key={commit.sha} commit={commit} now={now} />
        ))}
      </ul>
      {others.length > 0 ? (
        <details className="others">
          <summary>{counted(total - shown.length, "earlier commit")}</summary>
          <ul className="commits">
            {others.map((commit) => (
              <Commit key={commit.sha} commit={commit} now={now} />
            ))}
          </ul>
          {total > items.length ? <p className="t3">The newest {count(items.length)} are listed.</p> : null}
        </details>
      ) : null}
    </>
  );
}

function Commit({ commit, now }: { commit: CommitFact; now: number }) {
  const { sha, subject, author, authoredAt, isMerge } = commit;
  return (
    <li>
      <code title={sha}>{sha.slice(0, 7)}</code>
      <span className="wrap">
        {subject === null ? <span className="t3">its message is not known</span> : <bdi>{plainText(subject) || "(no message)"}</bdi>}
        <br />
        <span className="t3">
          {isMerge ? "merge · " : ""}
          {author === null ? null : (
            <>
              <bdi>{plainText(author)}</bdi>
              {" · "}
            </>
          )}
          {authoredAt === null ? null : (
            <time dateTime={authoredAt} title={exact(authoredAt)} suppressHydrationWarning>
              {relative(Date.parse(authoredAt), now)}
            </time>
          )}
        </span>
      </span>
    </li>
  );
}

const exact = (at: string) => `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
