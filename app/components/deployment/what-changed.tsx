import type { DeploymentChanges } from "../../../server/deployments/changes";
import type { DeploymentWithSpans } from "../../../server/deployments/schema";
import { counted, duration } from "../time/format";
import { difference, size } from "../time/size";
import { CopyButton } from "../ui/copy";
import { Icon } from "../ui/icon";
import { childrenOf, savedOf } from "./build";
import { CommitList } from "./commit-list";

type Props = { run: DeploymentWithSpans; changes: DeploymentChanges };

/** Commits, configuration, image and build, each against the release before. */
export function WhatChanged({ run, changes }: Props) {
  const { before } = changes;
  return (
    <>
      <h2>
        What changed{" "}
        <span className="t3">
          {before === null
            ? run.release === null
              ? "no release before it"
              : "the first release"
            : before.release === null
              ? `against deployment #${before.number}`
              : `against release ${before.release}`}
        </span>
      </h2>
      <Commits run={run} changes={changes} />
      <Config run={run} changes={changes} />
      <Image run={run} changes={changes} />
      <Build run={run} />
    </>
  );
}

function Commits({ run, changes: { commits, runs, before } }: Props) {
  const isWaiting = run.finishedAt === null && run.commit === null;
  const words = (): string => {
    if (commits.total > 0) return counted(commits.total, "commit");
    if (runs === null) return isWaiting && run.ref?.kind !== "image" && run.kind === "code" ? "Commits" : "No commit";
    if (before === null) return "1 commit";
    return before.commit === runs.sha ? "The same commit" : run.kind === "rollback" ? "Back to this commit" : "1 commit";
  };
  return (
    <section>
      <h3>
        <Icon name="commit" />
        {words()}
      </h3>
      {commits.total > 0 ? <CommitList items={commits.items} total={commits.total} /> : runs ? <CommitList items={[runs]} total={1} /> : null}
      {isWaiting && words() === "Commits" ? <p className="t2">known when the source is fetched</p> : null}
    </section>
  );
}

function Config({ run, changes: { config, before } }: Props) {
  const lines = config
    ? [
        ...config.added.map((key) => ({ key, look: "add", word: "added" })),
        ...config.removed.map((key) => ({ key, look: "del", word: "removed" })),
        ...config.changed.map((key) => ({ key, look: "mod", word: "changed" })),
      ]
    : run.changedKeys.map((key) => ({ key, look: "mod", word: "changed" }));
  return (
    <section>
      <h3>
        <Icon name="key" />
        {lines.length > 0 ? counted(lines.length, "config key") : run.startedAt === null || before === null ? "Config keys" : "No config key"}
      </h3>
      {lines.length > 0 ? (
        <ul className="diff">
          {lines.map(({ key, look, word }) => (
            <li key={`${look} ${key}`} className={look}>
              <span>
                <span className="sr">{word} </span>
                {key}
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <p className="t2">
          {run.startedAt === null
            ? run.finishedAt === null
              ? "known when it starts"
              : "it did not start"
            : before === null
              ? "no release before it to compare with"
              : before.release === null
                ? "the same configuration"
                : `the same as release ${before.release}`}
        </p>
      )}
    </section>
  );
}

const shortDigest = (image: string): string => /sha256:[0-9a-f]{12}/.exec(image)?.[0] ?? image;

function Image({ run, changes: { imageBytes, before } }: Props) {
  const { now } = imageBytes;
  const isSame = run.image !== null && run.image === before?.image;
  return (
    <section>
      <h3>
        <Icon name="image" />
        {isSame ? "The same image" : "Image"}
        {now === null ? null : (
          <span className="figure">
            {size(now)}
            {isSame || imageBytes.before === null ? "" : `, ${difference(now, imageBytes.before)}`}
          </span>
        )}
      </h3>
      {run.image === null ? (
        <p className="t2">{run.finishedAt === null ? "known when the build ends" : "none was made"}</p>
      ) : (
        <p className="mono t2 digest">
          <span title={run.image}>{shortDigest(run.image)}</span>
          <CopyButton text={run.image} label="Copy the image's name" />
        </p>
      )}
    </section>
  );
}

function Build({ run }: { run: DeploymentWithSpans }) {
  const steps = childrenOf(run.spans);
  if (steps.length === 0) return null;
  const cached = steps.filter((span) => span.cached).length;
  const saved = steps.reduce((sum, span) => sum + (savedOf(span) ?? 0), 0);
  return (
    <section>
      <h3>
        <Icon name="deploy" />
        Build
      </h3>
      <p className="t2">
        {cached} of {counted(steps.length, "step")} cached
        {saved > 0 ? (
          <>
            , <span title="How long the cached steps took when they last ran">{duration(saved)} saved</span>
          </>
        ) : null}
      </p>
    </section>
  );
}
