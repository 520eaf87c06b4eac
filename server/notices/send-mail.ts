import type { Notice, NoticeAnswer } from "./schema";

/** One mail by the operator's server. Never throws: what went wrong is the answer. */
export async function sendMail(env: { SMTP_URL: string; MAIL_FROM: string }, to: string, notice: Notice): Promise<NoticeAnswer> {
  if (env.SMTP_URL === "") return { isAccepted: false, status: null, answer: "SMTP_URL is not set, so no mail can be sent." };
  const { createTransport } = await import("nodemailer");
  const transport = createTransport(env.SMTP_URL);
  try {
    const { id, number, app, project, reason, url } = notice.deployment;
    const subject = notice.event === "test" ? "Test notice of Dokploy" : `Deployment #${number} of ${project}/${app} failed`;
    const sent: { response?: string } = await transport.sendMail({
      from: env.MAIL_FROM,
      to,
      subject,
      text: [reason.what, reason.why ? `Why: ${reason.why}` : "", reason.fix ? `Fix: ${reason.fix}` : "", url].filter(Boolean).join("\n\n"),
      messageId: `<${id}@dokploy>`,
      headers: { "X-Dokploy-Event": notice.event, "X-Dokploy-Deployment": id },
    });
    return { isAccepted: true, status: 250, answer: sent.response ?? "accepted" };
  } catch (error) {
    return {
      isAccepted: false,
      status: (error as { responseCode?: number }).responseCode ?? null,
      answer: error instanceof Error ? error.message : String(error),
    };
  } finally {
    transport.close();
  }
}
