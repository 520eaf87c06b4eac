import type { Overview } from "../../../server/overview/schema";
import { count, counted } from "../time/format";

type Standing = Pick<Overview["apps"], "total" | "imported" | "counts" | "listed">;

const isOrAre = (n: number) => (n === 1 ? "is" : "are");
const named = (names: string[], n: number) => (n > names.length ? `${names.join(", ")} and ${count(n - names.length)} more` : names.join(", "));

/** Whether everything is up, in a word and a sentence. What is stopped, or was never deployed, is not meant to be up. */
export function standingText({ total, imported, counts, listed }: Standing): { said: string; rest: string } {
  const wanted = total - counts.never_deployed - counts.stopped;
  const apart = [
    ...(counts.stopped > 0 ? [`${count(counts.stopped)} stopped`] : []),
    ...(counts.never_deployed > 0 ? [`${count(counts.never_deployed)} never deployed`] : []),
  ];
  const also = apart.length > 0 ? ` ${apart.join(", ")}.` : "";
  if (total === 0)
    return { said: "Nothing runs here.", rest: imported > 0 ? `${counted(imported, "application")} ${isOrAre(imported)} known from an import only.` : "" };
  if (wanted === 0) return { said: "Nothing is meant to run.", rest: also.trim() };
  const sum = `${count(counts.healthy)} of ${count(wanted)} ${wanted === 1 ? "runs" : "run"} healthy`;
  if (counts.healthy === wanted) return { said: "Yes.", rest: `${sum}.${also}` };
  const namesOf = (status: "down" | "degraded") => listed.filter((app) => app.status === status).map((app) => app.name);
  const causes = [
    ...(counts.down > 0 ? [`${named(namesOf("down").slice(0, 2), counts.down)} ${isOrAre(counts.down)} down`] : []),
    ...(counts.degraded > 0 ? [`${named(namesOf("degraded").slice(0, 2), counts.degraded)} lost replicas`] : []),
  ];
  return { said: counts.down > 0 ? "No." : "Almost.", rest: `${sum}; ${causes.join(", ")}.${also}` };
}

/** What is not in the list, by state, for the line under it. */
export function restText({ counts, listed, total }: Standing): { words: string; isWell: boolean } | null {
  if (total <= listed.length) return null;
  const left = { ...counts };
  for (const { status } of listed) left[status]--;
  const words = [
    ...(left.down > 0 ? [`${count(left.down)} down`] : []),
    ...(left.degraded > 0 ? [`${count(left.degraded)} with lost replicas`] : []),
    ...(left.healthy > 0 ? [`${count(left.healthy)} healthy`] : []),
    ...(left.never_deployed > 0 ? [`${count(left.never_deployed)} never deployed`] : []),
    ...(left.stopped > 0 ? [`${count(left.stopped)} stopped`] : []),
  ];
  return { words: `${count(total - listed.length)} more: ${words.join(", ")}`, isWell: left.down + left.degraded === 0 };
}

/** How many of the five miss their target, for the sentence beside the question; nothing where no figure has both. */
export function targetsText(met: readonly (boolean | null)[]): string {
  const held = met.filter((one) => one !== null);
  const missed = held.filter((one) => !one).length;
  if (held.length === 0) return "";
  if (missed === 0) return held.length === 1 ? "The one target is met." : held.length === 2 ? "Both targets are met." : `All ${held.length} targets are met.`;
  return `${missed} of ${held.length} ${missed === 1 ? "misses its target" : "miss their target"}.`;
}
