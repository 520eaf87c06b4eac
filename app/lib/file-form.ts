const text = (form: FormData, name: string): string => String(form.get(name) ?? "").trim();

/** What the form for a config file says, for `fileSchema`. A browser sends line ends as CR LF (HTML, "form data set"): the file gets LF. */
export function fileOf(form: FormData) {
  const [mode, uid] = [text(form, "mode"), text(form, "uid")];
  return {
    path: text(form, "path"),
    content: String(form.get("text") ?? "").replaceAll("\r\n", "\n"),
    encoding: "utf8" as const,
    ...(mode === "" ? {} : { mode }),
    ...(uid === "" ? {} : { uid: Number(uid) }),
  };
}
