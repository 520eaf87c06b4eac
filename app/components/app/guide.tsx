import { Link } from "@remix-run/react";
import type { ReactNode } from "react";
import { Glyph } from "../ui/icon";
import type { ListedApp, ListedProject } from "./apps-table";

/** The demo's repository is a folder of this machine; nobody else's can be. */
export const isOwn = (app: Pick<ListedApp, "source">) => !app.source.startsWith("/");

/** The way from nothing to a live address. It is not shown any more once an application of one's own has been live. */
export function Guide({ projects, create }: { projects: ListedProject[]; create?: ReactNode }) {
  const own = projects.flatMap((project) => project.apps).filter(isOwn);
  if (own.some((app) => app.release !== null)) return null;
  const app = own.find((one) => one.last) ?? own[0];
  const place = projects.find((project) => !project.apps.some((one) => !isOwn(one)));
  return (
    <section className="guide" aria-labelledby="guide">
      <div className="sect-head">
        <h2 id="guide">From your repository to a live address</h2>
        <span className="t2">three steps, about five minutes</span>
      </div>
      <ol className="checks">
        <Step isDone={app !== undefined} title="Connect a repository">
          {app ? (
            <p>
              {app.name} is connected to <code>{app.source}</code>.
            </p>
          ) : (
            <>
              <p>Make a project, then an application in it: give the Git URL and the branch. A private repository needs a credential, under Settings.</p>
              {create ?? (
                <Link className="btn" to={place ? `/projects/${place.name}/new` : "/projects?new"}>
                  {place ? `New application in ${place.name}` : "Make a project"}
                </Link>
              )}
            </>
          )}
        </Step>
        <Step isDone={app?.last != null} title="Deploy it">
          <p>Press Deploy on the application’s page. For every push to be deployed, copy the webhook’s address and secret from that page to the Git host.</p>
          {app ? (
            <Link className="btn" to={`/apps/${app.id}`}>
              To {app.name}
            </Link>
          ) : null}
        </Step>
        <Step isDone={false} title="Open it">
          <p>It has an address from the first deployment on, shown under its name. Your own host name is added under Domains.</p>
        </Step>
      </ol>
    </section>
  );
}

function Step({ isDone, title, children }: { isDone: boolean; title: string; children: ReactNode }) {
  return (
    <li>
      <Glyph state={isDone ? "succeeded" : "queued"} />
      <div>
        <h3>
          {title}
          {isDone ? <span className="sr"> (done)</span> : null}
        </h3>
        {children}
      </div>
    </li>
  );
}
