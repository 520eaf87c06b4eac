import { NavLink, useLocation } from "@remix-run/react";
import { useEffect, useRef } from "react";

/** Links to the parts of one thing. Where they do not all fit, the one that is open is brought into view. */
export function Tabs({ label, tabs }: { label: string; tabs: { to: string; label: string; end?: boolean }[] }) {
  const bar = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    const { current } = bar;
    const open = current?.querySelector<HTMLElement>(`[href="${pathname}"], [href^="${pathname}?"]`);
    if (!current || !open) return;
    const center = new ResizeObserver(() => {
      current.scrollLeft = open.offsetLeft - (current.clientWidth - open.offsetWidth) / 2;
    });
    center.observe(current);
    return () => center.disconnect();
  }, [pathname]);
  return (
    <nav className="tabs" aria-label={label} ref={bar}>
      {tabs.map((tab) => (
        <NavLink key={tab.label} to={tab.to} end={tab.end ?? false} prefetch="intent">
          {tab.label}
        </NavLink>
      ))}
    </nav>
  );
}
