import type { LoaderFunctionArgs } from "@remix-run/node";
import { plainText } from "~/components/log/ansi";
import { textStream } from "~/lib/text-stream.server";
import { load } from "~/lib/trpc.server";

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const deployment = args.params.id ?? "";
    const run = await api.deployments.read({ deployment });
    return textStream(`${run.app}-${run.number}.log`, async (from) => {
      const page = await api.deployments.logs({ deployment, from, limit: 5000 });
      return {
        text: page.items.map((line) => `${new Date(line.t / 1000).toISOString()} ${line.s} ${plainText(line.x)}\n`).join(""),
        next: page.nextCursor === null ? null : Number(page.nextCursor),
      };
    });
  });
