import type { Request, Response } from "express";

const PAGES: Record<string, { status: number; title: string; text: string }> = {
  "404": {
    status: 404,
    title: "No application here",
    text: "This address leads to no application. If it should, add it under Domains in the application’s page.",
  },
  "503": { status: 503, title: "Stopped", text: "This application is stopped, or was never deployed. It answers again once it is started." },
  replacing: { status: 503, title: "One moment", text: "A new release is starting. This application answers again in a few seconds." },
  "502": { status: 502, title: "Not answering", text: "The application behind this address does not answer. Its log says why." },
};
const CODE: Record<string, string> = { "500": "502", "502": "502", "503": "503", "504": "502" };

/** What the edge shows where no application answers: `/edge-pages/<status>[/<why>]`. It names nothing of the application. */
export function edgePages(req: Request, res: Response): void {
  const [, code = "404", kind = ""] = req.path.split("/");
  const page = (Object.hasOwn(PAGES, kind) ? PAGES[kind] : undefined) ?? PAGES[CODE[code] ?? code] ?? PAGES["404"];
  if (!page) return;
  res.setHeader("Cache-Control", "no-store");
  res.setHeader("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  if (page.status === 503) res.setHeader("Retry-After", kind === "replacing" ? "3" : "10");
  res.status(page.status).type("html").send(render(page));
}

function render(page: { status: number; title: string; text: string }): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${page.title}</title>
<style>:root{color-scheme:light dark}body{margin:0;min-height:100vh;display:grid;place-content:center;font:15px/22px system-ui,sans-serif;background:light-dark(#f7f7f4,#14171a);color:light-dark(#14171a,#e8e9e6)}main{max-width:44ch;padding:24px;border-top:1px solid light-dark(#c9cac4,#3a4045)}small{color:light-dark(#5d6166,#9aa0a5)}h1{font-size:20px;line-height:24px;margin:0 0 8px}p{margin:0 0 16px}</style>
<main><h1>${page.title}</h1><p>${page.text}</p><small>${page.status} · Dokploy edge</small></main></html>`;
}
