import { useActionData, useLocation, useNavigation } from "@remix-run/react";
import { useRef } from "react";
import type { Refused } from "./types";

/**
 * What the page's action answered. The router forgets it whenever loaders run again, which any event of the team makes them do; a
 * refusal that is being read, or a secret that is shown once, stays until the person goes elsewhere.
 */
export function useAnswer<Action>(): ReturnType<typeof useActionData<Action>> {
  const answer = useActionData<Action>();
  const { key } = useLocation();
  const kept = useRef({ key, answer });
  if (answer !== undefined || kept.current.key !== key) kept.current = { key, answer };
  return kept.current.answer;
}

/** What the page's action refused, when it was the one that this form asked for. */
export function useRefused(intent: string): Refused | undefined {
  const answer = useAnswer() as Refused | undefined;
  return answer && typeof answer === "object" && "problem" in answer && answer.intent === intent ? answer : undefined;
}

/** True while this form's wish is on its way. */
export function useBusy(intent: string): boolean {
  const { formData } = useNavigation();
  return formData?.get("intent") === intent;
}
