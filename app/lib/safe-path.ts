/** A path on this site, never an address elsewhere: `//host`, `\host` and schemes are refused. */
export function safePath(wish: string | null | undefined, otherwise = "/"): string {
  if (!wish || !/^\/(?![/\\])[^\\\u0000-\u001f]*$/.test(wish)) return otherwise;
  return new URL(wish, "http://here").host === "here" ? wish : otherwise;
}
