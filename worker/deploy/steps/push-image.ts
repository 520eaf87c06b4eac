import { pushedName } from "../carry-image";
import { type Results, type Run, resultOf } from "../run";

/** Sends the image to the registry, from where every node takes it. On one node there is nowhere to send it. */
export async function pushImage(run: Run, signal: AbortSignal): Promise<NonNullable<Results["push-image"]>> {
  const { imageId } = resultOf(run, "build");
  const repository = pushedName(run.worker.env.REGISTRY, run.deployment.appId);
  const digest = await run.worker.ports.images.push({ imageId, repository, tag: run.deployment.id, signal, output: ({ text }) => run.say(text) });
  run.say(`Pushed ${digest}`);
  return { digest };
}
