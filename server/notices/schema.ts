import { z } from "zod";

export const setNoticeTargetSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("webhook"),
    address: z.url({ protocol: /^https?$/, error: "Use an https:// address." }).max(2000),
  }),
  z.object({ kind: z.literal("mail"), address: z.email("This is not an e-mail address.").max(320) }),
]);
export type SetNoticeTarget = z.infer<typeof setNoticeTargetSchema>;

/** `address` is whole for mail; of a webhook it names the host, since the rest of it is often a secret. */
export type NoticeTargetView = {
  id: string;
  kind: "webhook" | "mail";
  address: string;
  createdAt: string;
  last: { at: string; answer: string; isAccepted: boolean } | null;
};
/** How a notice was answered, in words. */
export type NoticeAnswer = { isAccepted: boolean; status: number | null; answer: string };

/** The body of a notice. `id` of the deployment is what repetitions share. */
export type Notice = {
  event: "deployment.failed" | "test";
  deployment: {
    id: string;
    number: number;
    app: string;
    project: string;
    reason: { what: string; why: string | null; fix: string | null };
    url: string;
  };
};
