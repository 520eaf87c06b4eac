import { Link } from "@remix-run/react";
import type { CSSProperties } from "react";

export type Tile = {
  label: string;
  value: string | null;
  unit?: string;
  words?: string;
  look?: "better" | "worse" | "same";
  how?: string;
  to?: string;
  glyph?: string;
};

/** Figures side by side, each with what it is made of. What is not known is said in words. */
export function Tiles({ label, tiles }: { label: string; tiles: Tile[] }) {
  return (
    <ul className="tiles" aria-label={label} style={{ "--n": tiles.length } as CSSProperties}>
      {tiles.map((tile) => (
        <li key={tile.label}>
          <span className="label">{tile.label}</span>
          {tile.value === null ? (
            <b className="unknown">{tile.glyph ? <span className={`state g-${tile.glyph}`}>{tile.words}</span> : (tile.words ?? "not known")}</b>
          ) : (
            <b className={tile.look && tile.look !== "same" ? `change ${tile.look}` : undefined}>
              {tile.value}
              {tile.look && tile.look !== "same" ? <small>, {tile.look}</small> : null}
              {tile.unit ? <small> {tile.unit}</small> : null}
            </b>
          )}
          {tile.how && tile.to ? (
            <Link className="small link" to={tile.to}>
              {tile.how}
            </Link>
          ) : tile.how ? (
            <span className="small t2">{tile.how}</span>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
