// The event stream. `EventSource` cannot sign, so the stream is read by hand.
// Source: HTML, server-sent events.

import { ApiError, answered, type Credentials } from "./client";
import type { NyEvent } from "./model.generated";

export type StreamEvent = Omit<NyEvent, "at"> & { at?: string | number };

export interface Listener {
  onEvent: (event: StreamEvent) => void;
  /** Called with whether the line stands. */
  onLine: (open: boolean) => void;
}

const AGAIN_MS = 1000;
/** The service says every 15 seconds that the line stands: one that is silent for longer is dead. */
const SILENT_MS = 40_000;
const PATH = "/nodeyard/v1/events";

/** Follows events from now on (or above `after`) until aborted, over lost connections, without a gap. */
export async function follow(
  who: Credentials,
  filter: Record<string, string>,
  listener: Listener,
  signal: AbortSignal,
): Promise<void> {
  let last: string | undefined;
  while (!signal.aborted) {
    try {
      const query = Object.entries(last === undefined ? filter : { ...filter, after: last });
      const request = { service: "nodeyard", method: "GET", path: PATH, query, body: "" };
      const answer = await answered(who, request, signal);
      listener.onLine(true);
      for await (const message of messages(answer.body!)) {
        if (message.id) last = message.id;
        if (message.data) listener.onEvent(JSON.parse(message.data) as StreamEvent);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && (error.status === 403 || error.status === 404)) {
        listener.onLine(false);
        return; // nothing that trying again would change; the pages look by themselves
      }
    }
    listener.onLine(false);
    await pause(AGAIN_MS, signal);
  }
}

async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<{ id?: string; data?: string }> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read());
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const fields: Record<string, string> = {};
        for (const line of block.split("\n")) {
          const colon = line.indexOf(": ");
          if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 2);
        }
        yield fields;
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

async function inTime<Value>(work: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, refuse) => {
    timer = setTimeout(() => refuse(new Error("the event stream fell silent")), SILENT_MS);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
