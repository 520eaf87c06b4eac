import { useHydrated, useNow } from "~/lib/clock";
import { relative } from "../time/format";

const EXACT: Intl.DateTimeFormatOptions = {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
};
const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit" };

const FORMATS = {
  exact: { local: new Intl.DateTimeFormat("en-GB", EXACT), utc: new Intl.DateTimeFormat("en-GB", { ...EXACT, timeZone: "UTC" }) },
  clock: { local: new Intl.DateTimeFormat("en-GB", CLOCK), utc: new Intl.DateTimeFormat("en-GB", { ...CLOCK, timeZone: "UTC" }) },
};

/** Relative time; the exact one, in the viewer's zone, on hover. The server says UTC until the page knows the zone. */
export function Ago({ at, exact = false }: { at: string; exact?: boolean }) {
  const hydrated = useHydrated();
  const now = useNow(30_000);
  const date = new Date(at);
  const full = FORMATS.exact[hydrated ? "local" : "utc"].format(date);
  return (
    <time dateTime={at} title={full} suppressHydrationWarning>
      {exact ? full : relative(date.getTime(), now)}
    </time>
  );
}

/** `14:18:02` in the viewer's zone. */
export function Clock({ at }: { at: string }) {
  const hydrated = useHydrated();
  const zone = hydrated ? "local" : "utc";
  const short = FORMATS.clock[zone].format(new Date(at));
  const full = FORMATS.exact[zone].format(new Date(at));
  return (
    <time dateTime={at} title={full}>
      {short}
      {hydrated ? "" : " UTC"}
    </time>
  );
}
