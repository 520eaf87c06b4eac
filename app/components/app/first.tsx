import { Link } from "@remix-run/react";
import type { App } from "../../../server/apps/schema";
import type { DeliveryView } from "../../../server/webhooks/schema";
import { RUN_STEPS } from "../time/stream-model";
import { Glyph } from "../ui/icon";
import { NextAction } from "./next-action";

/** Before the first deployment: what will happen, what is settled, and the one next action (Deploy, above). */
export function FirstDeployment({ app, keys, delivery }: { app: App; keys: number; delivery: DeliveryView | null }) {
  const checks = [
    {
      title: "Source",
      ok: true,
      text: "image" in app.source ? app.source.image : `${app.source.git}, branch ${app.source.branch}${app.source.path ? `, folder ${app.source.path}` : ""}.`,
      to: "settings",
      word: "Change",
    },
    {
      title: "Health",
      ok: true,
      text: `${app.health.kind === "http" ? `GET ${app.health.path}` : "A TCP connection"} on port ${app.port ?? "that the image names"}, ${app.health.successes} in a row within ${app.health.timeoutS} s.`,
      to: "settings",
      word: "Change",
    },
    {
      title: "Environment",
      ok: keys > 0,
      text: keys > 0 ? `${keys} ${keys === 1 ? "key is" : "keys are"} set.` : "Optional: no key is set.",
      to: "environment",
      word: "Set keys",
    },
    {
      title: "Domain",
      ok: app.domains.length > 0,
      text: app.url ? `Reached at ${app.url.replace(/^https?:\/\//, "")}; add your own when it has one.` : "Without a domain it has no address.",
      to: "domains",
      word: "Add domain",
    },
  ];
  return (
    <div className="first">
      <div>
        <h2>Ready for the first deployment</h2>
        <p>
          A deployment fetches the source, builds an image, starts it, checks its health and only then gives it the traffic. Each step is timed from the first
          run on.
        </p>
        <NextAction app={app} delivery={delivery} />
        <ol className="checks">
          {checks.map((check) => (
            <li key={check.title}>
              <Glyph state={check.ok ? "succeeded" : "queued"} />
              <div>
                <h4>{check.title}</h4>
                <p>{check.text}</p>
              </div>
              <Link className="btn btn-quiet" to={check.to}>
                {check.word}
              </Link>
            </li>
          ))}
        </ol>
      </div>
      <div className="side">
        <section>
          <div className="sect-head">
            <h2>Or from a terminal</h2>
          </div>
          <pre className="code">{`dokploy deploy ${app.name} --wait`}</pre>
        </section>
        <section style={{ marginTop: 24 }}>
          <div className="sect-head">
            <h2>What will run</h2>
          </div>
          <p className="t2">{RUN_STEPS.map((step) => step.key).join(" → ")}</p>
        </section>
      </div>
    </div>
  );
}
