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
  /** When the value was answered, on the clock of this browser. Units: ms. */
  answeredAt: number;
  /** Whether the event stream stands. */
  live: boolean;
  reload: () => void;
}

/** A look without a hint, for what has no events. */
const LOOK_MS = 5000;
/** Events come in bursts: one look answers for all within this time. */
const GATHER_MS = 250;
/** A look that is not answered by then is given up, so that the next one can be: nobody may be there any more. */
const ANSWER_MS = 20_000;

export interface About {
  cluster?: string;
  nodegroup?: string;
  update?: string;
}

/**
 * Loads a value and keeps it fresh. `key` names what is loaded: another key starts over.
 * `load` is told whether all is wanted, or only what an event may have changed. `onEvent` is told of every event
 * that comes by and returns false for one that changes nothing here, `onOpen` is told that from now on events come;
 * `once`: what is loaded does not change while one looks.
 */
export function useLoad<Value>(
  key: string,
  load: (who: Credentials, signal: AbortSignal, whole: boolean) => Promise<Value>,
  about?: About,
  onEvent?: (event: StreamEvent) => boolean | void,
  how: { once?: boolean; onOpen?: () => void } = {},
): Loaded<Value> {
  const who = useWho();
  const [state, setState] = useState<State<Value>>({ key, answeredAt: 0 });
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
        const late = new AbortController();
        const patience = how.once ? undefined : setTimeout(() => late.abort(), ANSWER_MS);
        try {
          const value = await latest.current.load(who, AbortSignal.any([stop.signal, late.signal]), all);
          if (!stop.signal.aborted) setState({ key, value, answeredAt: Date.now() });
        } catch (error) {
          if (stop.signal.aborted) return;
          const shown = error instanceof ApiError ? error : new ApiError("", String(error), 0);
          setState((before) => ({ ...(before.key === key ? before : { key, answeredAt: 0 }), error: shown }));
        } finally {
          clearTimeout(patience);
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
        onEvent: (event: StreamEvent) => latest.current.onEvent?.(event) !== false && hint(),
        onLine: (open: boolean) => {
          setLive(open);
          if (!open) return;
          void once(true);
          latest.current.onOpen?.();
        },
      };
      follow(who, defined(about), listener, stop.signal);
    }
    return () => {
      stop.abort();
      clearInterval(timer);
      clearTimeout(gathering);
    };
    // `about` is made anew at every rendering; what it says is part of the key.
  }, [who, key]);

  const reload = useCallback(() => look.current(), []);
  const mine: State<Value> = state.key === key ? state : { key, answeredAt: 0 };
  return {
    value: mine.value,
    error: mine.error,
    loading: mine.value === undefined && mine.error === undefined,
    answeredAt: mine.answeredAt,
    live,
    reload,
  };
}

interface State<Value> {
  key: string;
  value?: Value;
  error?: ApiError;
  answeredAt: number;
}

function defined(about: About): Record<string, string> {
  return Object.fromEntries(Object.entries(about).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
