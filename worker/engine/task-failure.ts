import { DeployError } from "../errors";
import type { TaskFailure } from "../ports";
import { askMaybe, type Engine } from "./docker-client";
import type { SwarmTask } from "./swarm-types";
import { lastLines } from "./task-log";

const LAST_LINES = 30;
const KILLED = 137;
const ENDED = new Set(["failed", "complete", "rejected", "orphaned"]);

export const hasEnded = (task: SwarmTask): boolean => ENDED.has(task.Status.State);

const imageIsMissing = (message: string) =>
  /no such image|manifest unknown|pull access denied|repository does not exist|not found: manifest|unauthorized/i.test(message);

async function wasOutOfMemory({ docker }: Engine, containerId: string | null): Promise<boolean> {
  if (!containerId) return false;
  const container = await askMaybe("inspect a container", () => docker.getContainer(containerId).inspect());
  return container?.State.OOMKilled === true;
}

/** Says what became of a task that ended by itself. `failures` is how many tasks of the same specification have ended so far. */
export async function describeFailure(engine: Engine, task: SwarmTask, failures: number): Promise<TaskFailure> {
  const { Err, Message, ContainerStatus, State } = task.Status;
  const message = Err || Message || State;
  const containerId = ContainerStatus?.ContainerID || null;
  if (State === "rejected") return { kind: imageIsMissing(message) ? "image" : "rejected", exitCode: null, message, lastLines: [], taskId: task.ID, failures };
  const exitCode = ContainerStatus?.ExitCode ?? null;
  const [oom, lines] = await Promise.all([
    exitCode === KILLED || exitCode === null ? wasOutOfMemory(engine, containerId) : false,
    lastLines(engine, { taskId: task.ID, containerId }, LAST_LINES),
  ]);
  return { kind: oom ? "oom" : "exited", exitCode, message, lastLines: lines, taskId: task.ID, failures };
}

const exitWords = (code: number | null) => (code === null ? "ended" : `ended with exit code ${code}`);

/** The pipeline's error for a task that ended before it was wanted to. */
export function failureError(name: string, failure: TaskFailure): DeployError {
  const { kind, message, lastLines: lines, exitCode } = failure;
  switch (kind) {
    case "image":
      return new DeployError("image_not_found", {
        what: "The node does not have the image and could not get it",
        why: message,
        fix: "Check that the image exists and that the registry's credential is right, then deploy again.",
      });
    case "oom":
      return new DeployError(
        "out_of_memory",
        { what: "The application was ended because it ran out of memory", why: message, fix: "Raise its memory limit or make it use less." },
        { lastLines: lines },
      );
    case "rejected":
      return new DeployError("crashed", { what: "The node refused to start the application", why: message }, { lastLines: lines });
    case "exited":
      return new DeployError(
        "crashed",
        {
          what: `The application ${exitWords(exitCode)} instead of running`,
          why: lines.at(-1) ?? message,
          fix: exitCode === 0 ? "The start command must keep running in the foreground." : "Its last lines show why; correct it and deploy again.",
        },
        { lastLines: lines, cause: new Error(`${name}: ${message}`) },
      );
  }
}
