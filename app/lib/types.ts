/** Who looks at the page, as far as a page shows it. */
export type SignedIn = { email: string; name: string; team: string; isAdmin: boolean };

/** What went wrong, why, and how to put it right, in the words of the person's task. */
export type Problem = { code: string; what: string; why?: string; fix?: string; status: number; fields: Record<string, string> };

/** What an action answers when it could not do what was asked. */
export type Refused = { problem: Problem; typed: Record<string, string>; intent: string };
