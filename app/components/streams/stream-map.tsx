import { Link } from "@remix-run/react";
import type { CSSProperties } from "react";
import { typedText } from "../../../server/improvement/notation";
import { duration } from "../time/format";
import { vars } from "../time/mini";
import { Icon } from "../ui/icon";
import { rate } from "./figure";
import type { DrawnStep, MapStream } from "./map-model";

type MapProps = { steps: DrawnStep[]; stream: MapStream; stepHref: (key: string) => string };

/** The classic map: work in boxes, waits as triangles between, the ladder of a mean run on the same columns beneath. */
export function StreamMap({ steps, stream, stepHref }: MapProps) {
  const sum = (read: (step: DrawnStep) => number) => steps.reduce((total, step) => total + read(step), 0);
  return (
    <>
      <svg width="0" height="0" className="sr" aria-hidden="true">
        <title>Hatch</title>
        <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="5" height="5" fill="var(--wait-tint)" />
          <rect width="1.5" height="5" fill="var(--wait-mark)" />
        </pattern>
      </svg>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide map scrolls, and must do so by keys too */}
      <section className="map-scroll" aria-label="Value stream map" tabIndex={0}>
        <ol className="map" style={columnsOf(steps)}>
          <li className="end">
            <span className="shape">
              <Icon name={stream.value === "deployment" ? "commit" : "clock"} />
              <b>{stream.from}</b>
            </span>
          </li>
          {steps.map((step) =>
            step.kind === "wait" ? (
              <Wait key={step.key} step={step} href={stepHref(step.key)} />
            ) : (
              <Work key={step.key} step={step} href={stepHref(step.key)} />
            ),
          )}
          <li className="end live-end">
            <span className="shape">
              <Icon name={stream.value === "deployment" ? "globe" : "check"} />
              <b>{stream.to}</b>
            </span>
            <span className="totals">
              <span>
                wait <b>{duration(sum((step) => step.wait))}</b>
              </span>
              <span>
                process <b>{duration(sum((step) => step.process))}</b>
              </span>
            </span>
          </li>
        </ol>
      </section>
      <p className="legend">
        <span>PT: process time of a mean run</span>
        <span>C/A: complete and accurate at the first attempt</span>
        <span>%: share of lead time</span>
        <span>n of N: runs that had the step</span>
      </p>
    </>
  );
}

/** As many columns as steps: a wait needs less than a box. On a phone the style sheet leaves them out. */
const columnsOf = (steps: DrawnStep[]): CSSProperties => {
  const widths = steps.map((step) => (step.kind === "wait" ? "minmax(78px, 1fr)" : "minmax(84px, 1fr)"));
  return { "--columns": `56px ${widths.join(" ")} 84px` } as CSSProperties;
};

/** The same to scale: how long each step is, not only how many there are. */
export function ScaleBar({ steps }: { steps: DrawnStep[] }) {
  const max = steps.reduce((total, step) => total + step.lead, 0);
  let from = 0;
  return (
    <div className="time to-scale" style={vars({ "--max": max || 1 })} role="img" aria-label="The same to scale, from left to right">
      {steps.map((step) => {
        const start = from;
        from += step.lead;
        const look = { work: "va", support: "nnva", wait: "wait" }[step.kind];
        return (
          <span
            key={step.key}
            className={`seg ${look}`}
            style={vars({ "--s": start, "--d": step.lead })}
            title={`${step.title}, ${duration(step.lead)}, ${rate(step.share)} of lead time`}
          />
        );
      })}
    </div>
  );
}

const nameOf = (step: DrawnStep, kind: string) =>
  `${kind}${step.isBottleneck ? " is-neck" : ""}${step.kind === "support" ? " is-support" : ""}${step.isManual ? " is-manual" : ""}`;

/** Every measured step opens the runs behind it. */
function Title({ step, href }: { step: DrawnStep; href: string }) {
  if (step.isManual) return <b>{step.title}</b>;
  return (
    <b>
      <Link to={href} preventScrollReset>
        {step.title}
      </Link>
    </b>
  );
}

function Neck({ step }: { step: DrawnStep }) {
  return step.isBottleneck ? <span className="neck">bottleneck</span> : null;
}

function Work({ step, href }: { step: DrawnStep; href: string }) {
  // what people say is as exact as they said it
  const say = (seconds: number) => (step.isManual ? typedText("s", seconds) : duration(seconds));
  return (
    <li className={nameOf(step, "b")}>
      <Neck step={step} />
      <div className="shape">
        <Title step={step} href={href} />
        <dl>
          <dt title="Process time of a mean run">PT</dt>
          <dd>{say(step.process)}</dd>
          <dt title="Percent complete and accurate: passes that were right at the first attempt">C/A</dt>
          <dd>{step.accurate === null ? "–" : step.accurate === 1 ? "100\u202f%" : rate(step.accurate)}</dd>
          {step.wait > 0 ? (
            <>
              <dt>wait</dt>
              <dd>{say(step.wait)}</dd>
            </>
          ) : null}
          {step.busy === null ? null : (
            <>
              <dt title="Share of the build slots that this step held">busy</dt>
              <dd>{rate(step.busy)}</dd>
            </>
          )}
        </dl>
        <Foot step={step} />
      </div>
      <span className="rung">{say(step.lead)}</span>
    </li>
  );
}

function Wait({ step, href }: { step: DrawnStep; href: string }) {
  return (
    <li className={nameOf(step, "w")}>
      <Neck step={step} />
      <div className="shape">
        <svg viewBox="0 0 48 42" aria-hidden="true">
          <path className="tri" d="M24 2 46 40H2z" />
        </svg>
        <Title step={step} href={href} />
        <Foot step={step} />
      </div>
      <span className="rung">{duration(step.lead)}</span>
    </li>
  );
}

function Foot({ step }: { step: DrawnStep }) {
  return (
    <span className="foot">
      {step.isManual ? null : (
        <>
          <span title="Share of lead time">{rate(step.share)}</span>
          <br />
        </>
      )}
      {step.runs}
      {step.was === undefined || step.was === null ? null : (
        <>
          <br />
          <span title="A mean run of the period before">was {duration(step.was)}</span>
        </>
      )}
    </span>
  );
}
