import { type ClientOptions, headersOf } from "./client";
import { problemError } from "./errors";

export type StreamLine = { n: number; t: number; s: string; x: string; v?: string; e?: 1 };

/**
 * Follows a log over `text/event-stream` (WHATWG HTML, server-sent events), resuming at the line after the last one seen when
 * the connection is lost. Ends when the server says that the log has.
 */
export async function* followLog(connection: ClientOptions, place: string, signal: AbortSignal): AsyncGenerator<StreamLine[]> {
  let last = 0;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const answer = await fetch(`${connection.url.replace(/\/+$/, "")}/api/v1${place}`, {
        headers: { ...headersOf(connection), accept: "text/event-stream", ...(last > 0 ? { "last-event-id": String(last) } : {}) },
        signal,
      });
      if (!answer.ok || !answer.body) throw problemError(answer.status, (await answer.json()) as Record<string, unknown>);
      failures = 0;
      for await (const event of readEvents(answer.body)) {
        if (event.name === "end") return;
        last = Number(event.id) || last;
        const lines = JSON.parse(event.data) as StreamLine[];
        if (lines.length > 0) yield lines;
      }
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      if (!(error instanceof TypeError) || failures > 15) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<{ id: string; name: string; data: string }> {
  const decoder = new TextDecoder();
  let buffered = "";
  for await (const part of body as unknown as AsyncIterable<Uint8Array>) {
    buffered += decoder.decode(part, { stream: true });
    for (let end = buffered.indexOf("\n\n"); end !== -1; end = buffered.indexOf("\n\n")) {
      const fields = buffered.slice(0, end).split("\n");
      buffered = buffered.slice(end + 2);
      const field = (name: string) => fields.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
      if (field("data")) yield { id: field("id"), name: field("event"), data: field("data") };
    }
  }
}
