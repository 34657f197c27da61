// What a page shows: loaded, loaded again when something happened to it, with its error when that fails.

import { useCallback, useEffect, useRef, useState } from "react";
import { useWho } from "../app/session";
import { ApiError, type Credentials } from "../aws/client";
import { follow, type StreamEvent } from "../aws/stream";

export interface Loaded<Value> {
  value?: Value;
  /** The error of the last try; an older value may still be there. */
  error?: ApiError;
  loading: boolean;
  /** Whether the event stream stands. */
  live: boolean;
  reload: () => void;
}

/** A look without a hint, for what has no events. */
const LOOK_MS = 5000;
/** Events come in bursts: one look answers for all within this time. */
const GATHER_MS = 250;

export interface About {
  cluster?: string;
  nodegroup?: string;
  update?: string;
}

/**
 * Loads a value and keeps it fresh. `key` names what is loaded: another key starts over.
 * `load` is told whether all is wanted, or only what an event may have changed. `onEvent` is told of every event
 * that comes by, `onOpen` that from now on events come; `once`: what is loaded does not change while one looks.
 */
export function useLoad<Value>(
  key: string,
  load: (who: Credentials, signal: AbortSignal, whole: boolean) => Promise<Value>,
  about?: About,
  onEvent?: (event: StreamEvent) => void,
  how: { once?: boolean; onOpen?: () => void } = {},
): Loaded<Value> {
  const who = useWho();
  const [state, setState] = useState<{ key: string; value?: Value; error?: ApiError }>({ key });
  const [live, setLive] = useState(false);
  const latest = useRef({ load, onEvent, onOpen: how.onOpen });
  latest.current = { load, onEvent, onOpen: how.onOpen };
  const look = useRef<() => void>(() => {});

  useEffect(() => {
    const stop = new AbortController();
    let running = false;
    let wanted: "nothing" | "news" | "all" = "nothing";
    const once = async (whole: boolean) => {
      if (wanted !== "all") wanted = whole ? "all" : "news";
      if (running) return;
      running = true;
      do {
        const all = wanted === "all";
        wanted = "nothing";
        try {
          const value = await latest.current.load(who, stop.signal, all);
          if (!stop.signal.aborted) setState({ key, value });
        } catch (error) {
          if (stop.signal.aborted) return;
          const shown = error instanceof ApiError ? error : new ApiError("", String(error), 0);
          setState((before) => ({ key, value: before.key === key ? before.value : undefined, error: shown }));
        }
      } while (wanted !== "nothing" && !stop.signal.aborted);
      running = false;
    };
    look.current = () => void once(true);
    let gathering: ReturnType<typeof setTimeout> | undefined;
    const hint = () => {
      gathering ??= setTimeout(() => ((gathering = undefined), void once(false)), GATHER_MS);
    };
    void once(true);
    const timer = how.once ? undefined : setInterval(() => void once(true), LOOK_MS);
    if (about) {
      const listener = {
        onEvent: (event: StreamEvent) => (latest.current.onEvent?.(event), hint()),
        onLine: (open: boolean) => {
          setLive(open);
          if (!open) return;
          void once(true);
          latest.current.onOpen?.();
        },
      };
      void follow(who, defined(about), listener, stop.signal);
    }
    return () => {
      stop.abort();
      clearInterval(timer);
      clearTimeout(gathering);
    };
    // `about` is made anew at every rendering; what it says is part of the key.
  }, [who, key]);

  const reload = useCallback(() => look.current(), []);
  const mine = state.key === key ? state : { key };
  return {
    value: mine.value,
    error: mine.error,
    loading: mine.value === undefined && mine.error === undefined,
    live,
    reload,
  };
}

function defined(about: About): Record<string, string> {
  return Object.fromEntries(Object.entries(about).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
