import { Form, Link, useLocation } from "@remix-run/react";
import { useEffect, useRef } from "react";
import { THEMES, type Theme } from "~/lib/theme";
import type { SignedIn } from "~/lib/types";
import { Icon } from "../ui/icon";

const initials = (who: SignedIn) =>
  (who.name || who.email)
    .split(/[\s.@_-]+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((part) => part.charAt(0).toUpperCase())
    .join("");

/** A disclosure, so that it works without JavaScript; with it, a click elsewhere or Escape closes it. */
export function PersonMenu({ who, theme }: { who: SignedIn; theme: Theme }) {
  const box = useRef<HTMLDetailsElement>(null);
  const location = useLocation();
  useEffect(() => {
    const close = (event: Event) => {
      const { current } = box;
      if (!current?.open) return;
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !current.contains(event.target as Node)) current.open = false;
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, []);
  const here = location.pathname + location.search;
  return (
    <details className="who" ref={box}>
      <summary aria-label={`Account: ${who.name || who.email}`}>
        <span className="person" aria-hidden="true">
          {initials(who)}
        </span>
      </summary>
      <div className="menu">
        <p>
          <span className="strong">{who.name}</span>
          <br />
          <span className="small t3">{who.email}</span>
        </p>
        <hr />
        <Form method="post" action="/theme" className="themes" preventScrollReset>
          <input type="hidden" name="to" value={here} />
          <span className="t2">Theme</span>
          <span className="btn-group">
            {THEMES.map((one) => (
              <button key={one} type="submit" className="btn btn-small" name="theme" value={one} aria-pressed={theme === one}>
                {one}
              </button>
            ))}
          </span>
        </Form>
        <Link to="/settings">
          <Icon name="settings" />
          Settings
        </Link>
        <hr />
        <Form method="post" action="/sign-out">
          <button type="submit">Sign out</button>
        </Form>
      </div>
    </details>
  );
}
