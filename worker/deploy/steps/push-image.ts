import { DeployError } from "../../errors";
import { engineOf, nodeLost } from "../build-place";
import { pushedName } from "../carry-image";
import { type Results, type Run, resultOf } from "../run";
import { build } from "./build";

/**
 * Sends the image to the registry, from where every node takes it, by the engine that has built it. On one node there is nowhere to send
 * it. An image that went away with its node is built again.
 */
export async function pushImage(run: Run, signal: AbortSignal): Promise<NonNullable<Results["push-image"]>> {
  try {
    return await push(run, signal);
  } catch (error) {
    if (!(error instanceof DeployError && error.code === "engine_unavailable") || run.results.build?.node === undefined || signal.aborted) throw error;
    run.say(`${error.explanation.what} Its image was not in the registry yet: it is built again.`);
    run.results = { ...run.results, build: await build(run, signal) };
    return push(run, signal);
  }
}

async function push(run: Run, signal: AbortSignal): Promise<NonNullable<Results["push-image"]>> {
  const { imageId, node } = resultOf(run, "build");
  const agent = node === undefined ? null : run.worker.agents.find(node);
  const engine = engineOf(run.worker, node ?? null);
  if (!engine) throw nodeLost("that built it");
  const repository = pushedName(run.worker.env.REGISTRY, run.deployment.appId);
  const held = agent ? AbortSignal.any([signal, agent.lost]) : signal;
  const pushing = engine.images.push({ imageId, repository, tag: run.deployment.id, signal: held, output: ({ text }) => run.say(text) });
  const digest = await pushing.catch((error: unknown) => {
    throw agent?.lost.aborted && !signal.aborted ? nodeLost(agent.name, error) : error;
  });
  run.say(`Pushed ${digest}`);
  return { digest };
}
