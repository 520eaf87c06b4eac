import type { ZodError } from "zod";
import type { Explanation } from "./errors";

/** The first thing that is wrong with an input, in the three words that every error has. */
export function explainInput(error: ZodError): Explanation {
  const [first] = error.issues;
  const place = first?.path.join(".") ?? "";
  return { what: place ? `${place} is not valid.` : "The input is not valid.", ...(first ? { why: first.message } : {}), fix: "Correct it and send it again." };
}
