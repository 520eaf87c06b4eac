import createIgnore from "@balena/dockerignore";

export type ContextFilter = {
  /** Whether a file or link goes into the context. Paths are relative and use `/`. */
  takes(path: string): boolean;
  /** Whether anything below a folder can go into the context. */
  enters(folder: string): boolean;
};

const BYTE_ORDER_MARK = /^\uFEFF/;

/** Patterns of a `.dockerignore` as Docker reads them: comments and empty lines out, `/` at the ends without meaning, `!` takes back. */
export function parseIgnoreFile(text: string): string[] {
  return text
    .replace(BYTE_ORDER_MARK, "")
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== "!");
}

const cleaned = (pattern: string) =>
  pattern
    .replace(/^!\s*/, "")
    .replace(/^(\.?\/)+/, "")
    .replace(/\/+$/, "");

/**
 * What of a folder goes into the build context.
 * @param always paths that go in whatever the patterns say: the Dockerfile has to get there
 */
export function contextFilter(patterns: string[], always: string[]): ContextFilter {
  const ignore = (createIgnore as unknown as (options: { ignorecase: boolean }) => { add(patterns: string[]): unknown; ignores(path: string): boolean })({
    ignorecase: false,
  });
  ignore.add(patterns);
  const exceptions = patterns.filter((pattern) => pattern.startsWith("!")).map(cleaned);
  const needed = new Set(always);
  return {
    takes: (path) => needed.has(path) || !ignore.ignores(path),
    // as moby's patternmatcher: an ignored folder is entered only for an exception that names something below it
    enters: (folder) => !ignore.ignores(folder) || [...exceptions, ...always].some((exception) => `${exception}/`.startsWith(`${folder}/`)),
  };
}
