/** A line icon of `icons.css`; the word beside it carries the meaning. */
export function Icon({ name, small = false, className = "" }: { name: string; small?: boolean; className?: string }) {
  return <i className={`i ${small ? "i-12 " : ""}i-${name} ${className}`.trimEnd()} aria-hidden="true" />;
}

/** A state's glyph: its silhouette tells it apart without colour. */
export function Glyph({ state, small = false }: { state: string; small?: boolean }) {
  return <i className={`i ${small ? "i-12 " : ""}g-${state}`} aria-hidden="true" />;
}

export function Brand({ to }: { to: string }) {
  return (
    <a className="brand" href={to}>
      <svg viewBox="0 0 20 16" aria-hidden="true">
        <path d="M0 4h7v8H0z" fill="currentColor" />
        <path d="M8 11.500 11 4.500M10.500 11.500l3-7M13 11.500l1.500-3.500" stroke="var(--wait-mark)" strokeWidth="1.5" />
        <path d="M15.500 4H20v8h-4.500z" fill="currentColor" />
      </svg>{" "}
      Dokploy
    </a>
  );
}
