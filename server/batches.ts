const LARGEST = 50;

type Waiting<I, O> = { item: I; resolve: (answer: O) => void; reject: (error: unknown) => void };

/**
 * Work on one thing that arrives together is done together (group commit): the first item begins at once; those that come while it is
 * under way are one batch after it. Under load batches grow by themselves, so that work bounded by rounds to the database keeps up.
 * @param run answers items in their order by `answer`, early where it can; when it rejects, each of several is run again alone, so that
 * one that cannot be done spoils no other
 */
export function createBatches<I, O>(
  run: (key: string, items: I[], answer: (index: number, value: O) => void) => Promise<void>,
): (key: string, item: I) => Promise<O> {
  const queues = new Map<string, Waiting<I, O>[]>();

  const runBatch = async (key: string, batch: Waiting<I, O>[]): Promise<void> => {
    const left = new Set(batch);
    try {
      await run(
        key,
        batch.map((one) => one.item),
        (index, value) => {
          const one = batch[index];
          if (one && left.delete(one)) one.resolve(value);
        },
      );
      for (const one of left) one.reject(new Error("An item of a batch was not answered."));
    } catch (error) {
      if (left.size === 1 || batch.length === 1) for (const one of left) one.reject(error);
      else for (const one of left) await runBatch(key, [one]);
    }
  };
  const drain = async (key: string, queue: Waiting<I, O>[]): Promise<void> => {
    while (queue.length > 0) await runBatch(key, queue.splice(0, LARGEST));
    queues.delete(key);
  };
  return (key, item) =>
    new Promise((resolve, reject) => {
      const waiting = { item, resolve, reject };
      const queue = queues.get(key);
      if (queue) queue.push(waiting);
      else {
        const fresh = [waiting];
        queues.set(key, fresh);
        void drain(key, fresh);
      }
    });
}
