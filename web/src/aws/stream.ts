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

interface Line {
  listeners: Set<Listener>;
  open: boolean;
  stop: AbortController;
}

/** Who listens to what -> its line. A browser has six to one host, for all of its pages: a page needs one. */
const lines = new Map<string, Line>();

/**
 * Tells a listener of events from now on until aborted, over lost connections, without a gap. A page that nobody
 * sees holds no line: it takes its events when it is seen again.
 */
export function follow(
  who: Credentials,
  filter: Record<string, string>,
  listener: Listener,
  signal: AbortSignal,
): void {
  const key = JSON.stringify([who, filter]);
  let line = lines.get(key);
  if (line === undefined) {
    line = { listeners: new Set(), open: false, stop: new AbortController() };
    lines.set(key, line);
    void kept(line, who, filter);
  }
  const mine = line;
  mine.listeners.add(listener);
  if (mine.open) listener.onLine(true);
  const leave = () => {
    mine.listeners.delete(listener);
    if (mine.listeners.size > 0) return;
    mine.stop.abort();
    if (lines.get(key) === mine) lines.delete(key);
  };
  signal.addEventListener("abort", leave, { once: true });
}

/** Keeps a line until nobody listens to it any more. */
async function kept(line: Line, who: Credentials, filter: Record<string, string>): Promise<void> {
  const { signal } = line.stop;
  const say = (open: boolean) => {
    line.open = open;
    for (const each of [...line.listeners]) each.onLine(open);
  };
  let last: string | undefined;
  while (!signal.aborted) {
    await seen(signal);
    const unseen = new AbortController();
    const look = () => document.hidden && unseen.abort();
    document.addEventListener("visibilitychange", look);
    try {
      const query = Object.entries(last === undefined ? filter : { ...filter, after: last });
      const request = { service: "nodeyard", method: "GET", path: PATH, query, body: "" };
      const answer = await answered(who, request, AbortSignal.any([signal, unseen.signal]));
      say(true);
      for await (const message of messages(answer.body!)) {
        if (message.id) last = message.id;
        if (!message.data) continue;
        const event = JSON.parse(message.data) as StreamEvent;
        for (const each of [...line.listeners]) each.onEvent(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && (error.status === 403 || error.status === 404)) {
        say(false);
        return; // nothing that trying again would change; the pages look by themselves
      }
    } finally {
      document.removeEventListener("visibilitychange", look);
    }
    say(false);
    if (!unseen.signal.aborted) await pause(AGAIN_MS, signal);
  }
}

/** Waits until the page is in sight. */
function seen(signal: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look, { once: true });
  });
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
