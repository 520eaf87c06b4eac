type Page = { text: string; next: number | null };

/** A text file page by page, as it is read: a log of any length needs the memory of one page. */
export function textStream(name: string, read: (from: number) => Promise<Page>): Response {
  let next: number | null = 1;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (next === null) return controller.close();
      const page: Page = await read(next);
      next = page.next;
      if (page.text !== "") controller.enqueue(new TextEncoder().encode(page.text));
      if (next === null) controller.close();
    },
  });
  return new Response(body, {
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Disposition": `attachment; filename="${name.replace(/[^\w.-]/g, "_")}"`,
      "Cache-Control": "no-store",
    },
  });
}
