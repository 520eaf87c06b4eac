import { type Engine, statusOf } from "./docker-client";
import { demultiplex, lineCutter, openStream } from "./docker-stream";

/**
 * The last lines that a task wrote, standard output and error as they came. Read from its container where that is on this node,
 * else over Swarm. Empty when the log is gone.
 */
export async function lastLines(engine: Engine, task: { taskId: string; containerId: string | null }, count: number): Promise<string[]> {
  const { address, log } = engine;
  const query = { stdout: "1", stderr: "1", tail: String(count) };
  const paths = [...(task.containerId ? [`/containers/${task.containerId}/logs`] : []), `/tasks/${task.taskId}/logs`];
  for (const path of paths) {
    try {
      const signal = AbortSignal.timeout(3000);
      const lines: string[] = [];
      const cutters = { stdout: lineCutter((line) => lines.push(line)), stderr: lineCutter((line) => lines.push(line)) };
      for await (const { stream, data } of demultiplex(await openStream(address, { method: "GET", path, query, signal }))) cutters[stream].push(data);
      cutters.stdout.flush();
      cutters.stderr.flush();
      return lines.slice(-count);
    } catch (error) {
      if (statusOf(error) !== 404) log.warn({ err: error, task: task.taskId }, "the log of a task could not be read");
    }
  }
  return [];
}
