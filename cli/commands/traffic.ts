import { expectWords, isSet, readPairs, text, wholeNumber } from "../arguments";
import type { Call, Commands } from "../command";
import { EXIT, usageError } from "../errors";
import { waitForDeployment } from "../wait";

const SPLIT_USAGE = "traffic split APP --release N [--weight 20] [--header X=V] [--cookie N=V] [--sticky]";
const MIRROR_USAGE = "traffic mirror APP --release N --percent 10";

export const trafficCommands: Commands = {
  traffic: {
    usage: "traffic APP",
    summary: "Show which releases get an application's requests",
    async run(call) {
      const [app = ""] = expectWords(call.positionals, ["APP"], "traffic APP");
      return show(call, await call.client.traffic.read.query({ app }));
    },
  },
  "traffic split": {
    usage: SPLIT_USAGE,
    summary: "Give a retained release a part of the requests",
    options: {
      release: { type: "string" },
      weight: { type: "string" },
      header: { type: "string" },
      cookie: { type: "string" },
      sticky: { type: "boolean" },
    },
    async run(call) {
      const { flags } = call;
      const [app = ""] = expectWords(call.positionals, ["APP"], SPLIT_USAGE);
      return show(
        call,
        await call.client.traffic.split.mutate({
          app,
          release: needed(wholeNumber(text(flags, "release"), "--release"), "--release", SPLIT_USAGE),
          weight: wholeNumber(text(flags, "weight"), "--weight"),
          header: match(text(flags, "header")),
          cookie: match(text(flags, "cookie")),
          sticky: isSet(flags, "sticky"),
        }),
      );
    },
  },
  "traffic mirror": {
    usage: MIRROR_USAGE,
    summary: "Copy a part of the requests to a retained release, and drop its answers",
    options: { release: { type: "string" }, percent: { type: "string" } },
    async run(call) {
      const [app = ""] = expectWords(call.positionals, ["APP"], MIRROR_USAGE);
      const release = needed(wholeNumber(text(call.flags, "release"), "--release"), "--release", MIRROR_USAGE);
      const percent = needed(wholeNumber(text(call.flags, "percent"), "--percent"), "--percent", MIRROR_USAGE);
      return show(call, await call.client.traffic.mirror.mutate({ app, release, percent }));
    },
  },
  "traffic promote": {
    usage: "traffic promote APP [--no-wait]",
    summary: "Give the release on trial all traffic",
    options: { "no-wait": { type: "boolean" } },
    async run(call) {
      const [app = ""] = expectWords(call.positionals, ["APP"], "traffic promote APP");
      const run = await call.client.traffic.promote.mutate({ app, trigger: "cli" });
      if (!isSet(call.flags, "no-wait")) return waitForDeployment(call, run.id);
      call.out.document(run);
      call.out.line(`Deployment #${run.number} (${run.id}) gives it all traffic.`);
      return EXIT.done;
    },
  },
  "traffic end": {
    usage: "traffic end APP",
    summary: "Give the live release all traffic again",
    async run(call) {
      const [app = ""] = expectWords(call.positionals, ["APP"], "traffic end APP");
      return show(call, await call.client.traffic.end.mutate({ app }));
    },
  },
};

function needed(value: number | undefined, name: string, usage: string): number {
  if (value === undefined) throw usageError(`${name} is missing.`, `Usage: dokploy ${usage}`);
  return value;
}

function match(word: string | undefined): { name: string; value: string } | undefined {
  if (word === undefined) return undefined;
  const [[name, value] = ["", ""]] = readPairs([word], SPLIT_USAGE);
  return { name, value };
}

type Traffic = Awaited<ReturnType<Call["client"]["traffic"]["read"]["query"]>>;

function show({ out }: Call, traffic: Traffic): number {
  out.document(traffic);
  const { live, split } = traffic;
  if (!live) {
    out.line(`${traffic.app} was never deployed.`);
    return EXIT.done;
  }
  if (!split) {
    out.line(`Release ${live.release} gets all requests.`);
    return EXIT.done;
  }
  const rate = (answers: number | null, errors: number | null) => (answers ? `${((100 * (errors ?? 0)) / answers).toFixed(1)} %` : "-");
  const row = (one: { release: number; answers: number | null; errors: number | null }, share: string) => [
    String(one.release),
    share,
    one.answers === null ? "-" : String(one.answers),
    rate(one.answers, one.errors),
  ];
  out.table(
    ["RELEASE", "SHARE", "ANSWERS", "ERRORS"],
    [row(live, `${live.weight} %`), row(split, split.kind === "mirror" ? `${split.weight} % copied` : `${split.weight} %`)],
  );
  if (split.header) out.line(`${split.header.name}: ${split.header.value} goes to release ${split.release}.`);
  if (split.cookie) out.line(`The cookie ${split.cookie.name}=${split.cookie.value} goes to release ${split.release}.`);
  if (split.sticky) out.line("Visitors stay with the release that they were given first.");
  if (split.phase === "ending") out.line("It is ending: the slot is being emptied.");
  return EXIT.done;
}
