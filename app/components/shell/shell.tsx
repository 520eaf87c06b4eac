import { Link, NavLink, useNavigation } from "@remix-run/react";
import type { ReactNode } from "react";
import { useLiveState } from "~/lib/live";
import type { Theme } from "~/lib/theme";
import type { SignedIn } from "~/lib/types";
import { Brand, Icon } from "../ui/icon";
import { Keys } from "./keys";
import { type Activity, LiveActivity } from "./live-activity";
import { PersonMenu } from "./person-menu";

export type Crumb = { label: string; to?: string };

/** Rail, top bar and sheet: the frame around every page for somebody who is signed in. */
export function Shell({
  who,
  theme,
  crumbs,
  activity,
  now,
  children,
}: {
  who: SignedIn;
  theme: Theme;
  crumbs: Crumb[];
  activity: Activity;
  now: number;
  children: ReactNode;
}) {
  const isBusy = useNavigation().state !== "idle";
  const live = useLiveState();
  return (
    <div className="shell">
      <div className="progress" data-busy={isBusy} aria-hidden="true" />
      <a className="skip" href="#main">
        Skip to content
      </a>
      <nav className="rail" aria-label="Main">
        <Brand to="/" />
        <ul>
          <li>
            <NavLink to="/" end>
              <Icon name="overview" />
              Overview
            </NavLink>
          </li>
          <li>
            <Link to="/projects" aria-current={crumbs[0]?.to === "/projects" ? "page" : undefined}>
              <Icon name="projects" />
              Projects
            </Link>
          </li>
          <li>
            <NavLink to="/streams">
              <Icon name="streams" />
              Value streams
            </NavLink>
          </li>
          {who.isAdmin ? (
            <li>
              <NavLink to="/nodes">
                <Icon name="cluster" />
                Cluster
              </NavLink>
            </li>
          ) : null}
          <li>
            <NavLink to="/settings">
              <Icon name="settings" />
              Settings
            </NavLink>
          </li>
        </ul>
        <div className="rail-foot micro">
          <p>
            {who.team}
            {live === "lost" ? " · reconnecting" : ""}
            <br />
            Press <span className="kbd">?</span> for keys
          </p>
        </div>
      </nav>
      <header className="topbar">
        <nav className="crumbs" aria-label="Place">
          {crumbs.map((crumb, index) => (
            <CrumbPart key={`${crumb.label}-${crumb.to ?? ""}`} crumb={crumb} isFirst={index === 0} isLast={index === crumbs.length - 1} />
          ))}
        </nav>
        <span className="spring" />
        <LiveActivity activity={activity} now={now} />
        <PersonMenu who={who} theme={theme} />
      </header>
      <main className="sheet" id="main" tabIndex={-1}>
        {children}
      </main>
      <Keys />
    </div>
  );
}

function CrumbPart({ crumb, isFirst, isLast }: { crumb: Crumb; isFirst: boolean; isLast: boolean }) {
  const wide = isFirst && !isLast ? "wide-only" : "";
  return (
    <>
      {crumb.to && !isLast ? (
        <Link className={wide} to={crumb.to}>
          {crumb.label}
        </Link>
      ) : (
        <span className={`cut ${isLast ? "t2" : wide}`}>{crumb.label}</span>
      )}
      {isLast ? null : <span className="sep">/</span>}
    </>
  );
}
