import type { SlotTraffic } from "../../ports";

const LINE = /^traefik_service_(requests_total|request_duration_seconds_bucket)\{(.*)\} (\S+)$/;
const LABEL = /(\w+)="([^"]*)"/g;

/**
 * Finished requests of one service since the edge started, out of Traefik's metrics (Prometheus text format 0.0.4).
 * @param service as Traefik names it, with `@file`
 */
export function parseTraffic(text: string, service: string): SlotTraffic {
  let answers = 0;
  let errors = 0;
  const buckets = new Map<number, number>();
  for (const line of text.split("\n")) {
    const match = LINE.exec(line);
    if (!match?.[1] || !match[2] || !match[3]) continue;
    const labels = Object.fromEntries([...match[2].matchAll(LABEL)].map((label) => [label[1], label[2]]));
    if (labels.service !== service) continue;
    const count = Number(match[3]);
    if (match[1] === "requests_total") {
      answers += count;
      if (Number(labels.code) >= 500) errors += count;
    } else {
      const upTo = labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);
      buckets.set(upTo, (buckets.get(upTo) ?? 0) + count);
    }
  }
  return { answers, errors, buckets: [...buckets].sort(([a], [b]) => a - b) };
}
