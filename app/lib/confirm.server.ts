import type { Explanation } from "../../server/errors";

class Unconfirmed extends Error {
  readonly code = "bad_request";
  readonly explanation: Explanation;
  constructor(name: string) {
    super("The name was not typed.");
    this.explanation = {
      what: `Nothing was deleted: the name typed is not ${name}.`,
      why: "What is deleted cannot be brought back.",
      fix: `Type ${name} and try again.`,
    };
  }
}

/** @throws when the form's `confirm` is not the name of what would be destroyed */
export function confirmName(form: FormData, name: string): void {
  if (String(form.get("confirm") ?? "").trim() !== name) throw new Unconfirmed(name);
}
