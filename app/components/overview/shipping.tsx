import { Link } from "@remix-run/react";
import { useNow } from "~/lib/clock";
import type { Overview } from "../../../server/overview/schema";
import { counted, duration, tick } from "../time/format";
import { vars } from "../time/mini";
import { DeploymentState, titleOf } from "../ui/states";
import { type Drawn, drawUnderWay, leftText, shippingText } from "./ahead";

/** What is shipping now? Each run drawn to time with its predicted end, all on one scale. */
export function Shipping({ shipping }: { shipping: Overview["shipping"] }) {
  const { items, running, queued, buildSlots } = shipping;
  const now = useNow(items.length > 0 ? 1000 : null);
  const { drawn, max } = drawUnderWay(items, now);
  const { said, rest } = shippingText(shipping);
  const more = running + queued - items.length;
  return (
    <section aria-labelledby="shipping">
      <div className="sect-head">
        <h2 id="shipping">What is shipping now?</h2>
        <p className="answer">
          <b>{said}</b> {rest}
        </p>
        <span className="aside small t3 hide-phone">
          {items.length > 0 ? `one scale, 0–${tick(max)}` : buildSlots > 0 ? counted(buildSlots, "build slot") : ""}
        </span>
      </div>
      <ul className="ships">
        {drawn.map((one) => (
          <Ship key={one.run.id} {...one} max={max} />
        ))}
        {items.length === 0 ? (
          <li className="t2 quiet">
            A push, or Deploy on an application’s page, starts a deployment. It is seen here as it happens, with the time that is left.
          </li>
        ) : null}
      </ul>
      {more > 0 ? <p className="after small t2">{counted(more, "more waits", "more wait")}</p> : null}
    </section>
  );
}

function Ship({ run, model, max }: Drawn & { max: number }) {
  const { segments, elapsed, predicted } = model;
  return (
    <li>
      <div className="ship-head">
        <Link className="strong cut" to={`/deployments/${run.id}`}>
          {run.app} #{run.number}
        </Link>
        <span className="t3">{run.environment}</span>
        <DeploymentState run={run} />
        <span className="num">{leftText(model)}</span>
      </div>
      <div
        className="time ship-bar"
        style={vars({ "--max": max })}
        role="img"
        aria-label={`${duration(elapsed)} so far${predicted === null ? "" : `, about ${duration(predicted)} in all`}`}
      >
        {segments.map(({ look, from, length, step, title }) => (
          <span key={`${step}-${look}-${from}`} className={`seg ${look}`} style={vars({ "--s": from, "--d": length })} title={title} />
        ))}
        {predicted === null ? null : <span className="needle is-ghost" style={vars({ "--s": Math.max(predicted, elapsed) })} />}
        <span className="needle now" style={vars({ "--s": elapsed })} />
      </div>
      <p className="small t3 cut">
        {titleOf(run)} · {run.commit?.author || run.actor}
      </p>
    </li>
  );
}
