const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** For what no event tells of: asks until there is an answer other than undefined or an error; at most `seconds`. */
export async function eventually<T>(question: () => Promise<T | undefined> | T | undefined, seconds = 30, pauseMs = 20): Promise<T> {
  let last: unknown;
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(pauseMs)) {
    try {
      const answer = await question();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`nothing came within ${seconds} s`, { cause: last });
}
