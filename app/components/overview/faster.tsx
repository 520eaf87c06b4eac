import { Link } from "@remix-run/react";
import type { Faster as Figures } from "../../../server/overview/faster";
import { windowText } from "../streams/head";
import { slugOf } from "../streams/metrics";
import { fasterText, metricRows, trendOf } from "../streams/rows";
import { targetsText } from "./standing";
import { type TileText, tilesOf } from "./tile";
import { WeekChart } from "./week-chart";

/** Are we getting faster? DORA's five, each with its weeks, its target, and the change against the 28 days before. */
export function Faster({ faster }: { faster: Figures }) {
  if (faster.deployments === 0) return <NotYet />;
  const tiles = tilesOf(faster);
  const { said, rest } = fasterText(metricRows(faster).slice(0, 5));
  return (
    <section className="faster" aria-labelledby="faster">
      <div className="sect-head">
        <h2 id="faster">Are we getting faster?</h2>
        <p className="answer">
          <b>{said}</b> {rest} {targetsText(tiles.map((tile) => tile.target?.isMet ?? null))}
        </p>
        <span className="aside small t3">
          production, {windowText(faster.window)}{" "}
          <Link className="link" to="/streams">
            How is this computed
          </Link>
        </span>
      </div>
      <ul className="five">
        {tiles.map((tile) => (
          <Tile key={tile.key} tile={tile} faster={faster} />
        ))}
      </ul>
      <p className="legend">
        <span>
          <i className="swatch nnva" />
          28 days before, by week
        </span>
        <span>
          <i className="swatch va" />
          these 28 days
        </span>
        <span>
          <i className="swatch aim" />
          target
        </span>
      </p>
    </section>
  );
}

function Tile({ tile, faster }: { tile: TileText; faster: Figures }) {
  const points = trendOf(faster.trend, tile.key);
  const { change, target } = tile;
  return (
    <li>
      <Link to={`/streams/${slugOf(tile.key)}`} data-metric={tile.key}>
        <h3>{tile.name}</h3>
        {tile.main === null ? (
          <p className="fig unknown">not known</p>
        ) : (
          <p className="fig">
            {tile.main}
            <small>{tile.unit}</small>
          </p>
        )}
        <p className="small said">
          {tile.main === null || change.text === null ? (
            <span className="t3">{tile.main === null ? "" : "too little before to compare with"}</span>
          ) : (
            <>
              <span className={`change ${change.look}`}>
                {change.text}
                {change.look === "same" ? "" : `, ${change.look}`}
              </span>
              <span className="t3">, {change.why}</span>
            </>
          )}
        </p>
        <div className="weeks-room">
          {points === null ? (
            <span className="small t3">{tile.main === null ? "" : "too few a week to draw"}</span>
          ) : (
            <WeekChart name={tile.name} points={points} target={target?.value ?? null} as={tile.key === "deploymentFrequency" ? "bars" : "line"} />
          )}
        </div>
        <p className="foot small">
          <Goal target={target} />
          <span className="t3">{tile.sample}</span>
        </p>
      </Link>
    </li>
  );
}

function Goal({ target }: Pick<TileText, "target">) {
  if (target === null) return <span className="t3">no target</span>;
  if (target.isMet === null) return <span className="t3">target {target.word}</span>;
  return <span className={`state state-12 g-${target.isMet ? "succeeded" : "failed"}`}>{`${target.isMet ? "meets" : "misses"} ${target.word}`}</span>;
}

function NotYet() {
  return (
    <section className="faster" aria-labelledby="faster">
      <div className="sect-head">
        <h2 id="faster">Are we getting faster?</h2>
        <p className="answer">It is measured from the first deployment on; nothing needs to be set up.</p>
        <Link className="aside link small" to="/streams">
          What is measured
        </Link>
      </div>
    </section>
  );
}
