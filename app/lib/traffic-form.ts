const text = (form: FormData, name: string): string => String(form.get(name) ?? "").trim();
const number = (form: FormData, name: string): number | undefined => (text(form, name) === "" ? undefined : Number(text(form, name)));
/** A pair of fields; absent when both are empty, so that half a pair is refused by name. */
const pair = (form: FormData, name: string) => {
  const found = { name: text(form, `${name}.name`), value: text(form, `${name}.value`) };
  return found.name === "" && found.value === "" ? undefined : found;
};

/** What the form that starts a trial says, for `splitSchema` or `mirrorSchema`. */
export function trialOf(form: FormData) {
  const release = Number(text(form, "release"));
  if (form.get("kind") === "mirror") return { kind: "mirror" as const, release, percent: number(form, "percent") ?? 0 };
  return {
    kind: "split" as const,
    release,
    weight: number(form, "weight"),
    header: pair(form, "header"),
    cookie: pair(form, "cookie"),
    sticky: form.get("sticky") === "on",
  };
}
