// What happened, newest first, with what caused it; what comes from the stream is added on top.

import { memo, useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import { useWho } from "../app/session";
import type { Inputs } from "../aws/model.generated";
import { call } from "../aws/operations";
import type { StreamEvent } from "../aws/stream";
import { useMoment, useSay, type Say } from "../strings";

const KEPT_MAX = 10_000;
const PAGE = 500;
/** Events come one by one and in bursts: those within this time are shown together. */
const TOGETHER_MS = 100;
const CALM_MS = 400;
const SHOWN_MAX = 50;
/** After a read that failed. */
const AGAIN_MS = 3000;

export interface EventLog {
  /** Newest first. */
  events: StreamEvent[];
  add: (event: StreamEvent) => void;
  /** Reads what was written since it was last read: between that and the opening of a line nobody tells. */
  readOn: () => void;
}

/** Keeps the events that a filter takes: those of before, then those given to `add`. */
export function useEventLog(filter: Inputs["ListEvents"]): EventLog {
  const who = useWho();
  const [events, setEvents] = useState<StreamEvent[]>([]);
  const key = JSON.stringify(filter);
  const take = useCallback((more: StreamEvent[]) => {
    if (more.length === 0) return;
    setEvents((before) => {
      const known = new Set(before.map((each) => each.sequence));
      const all = [...before, ...more.filter((each) => !known.has(each.sequence))];
      return all.sort((one, other) => other.sequence! - one.sequence!).slice(0, KEPT_MAX);
    });
  }, []);
  const reading = useRef<() => void>(() => undefined);
  useEffect(() => {
    const stop = new AbortController();
    setEvents([]);
    let after = 0;
    let running = false;
    let wanted = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const pages = async () => {
      for (;;) {
        const page = await call(who, "ListEvents", { ...filter, after, maxResults: PAGE }, stop.signal);
        const events = page.events ?? [];
        take(events);
        if (events.length > 0) after = Math.max(after, page.lastSequence ?? 0);
        if (events.length < PAGE) return;
      }
    };
    const read = async () => {
      wanted = true;
      if (running) return;
      running = true;
      try {
        while (wanted && !stop.signal.aborted) {
          wanted = false;
          await pages();
        }
      } catch {
        // The page itself says when the service does not answer.
        if (!stop.signal.aborted) timer = setTimeout(() => void read(), AGAIN_MS);
      }
      running = false;
    };
    reading.current = () => void read();
    void read();
    return () => (stop.abort(), clearTimeout(timer));
  }, [who, key]);
  const readOn = useCallback(() => reading.current(), []);
  const waiting = useRef<StreamEvent[]>([]);
  const add = useCallback(
    (event: StreamEvent) => {
      if (waiting.current.push(event) > 1) return;
      setTimeout(() => take(waiting.current.splice(0)), TOGETHER_MS);
    },
    [take],
  );
  return useMemo(() => ({ events, add, readOn }), [events, add, readOn]);
}

/** What is in the message already, in words. */
const UNSAID = ["zone", "lane", "rehearsal"];
const CHAIN = ["update", "instance", "node", "pod", "budget"];

/** Returns the causes of an event from the operation down to the budget, then the rest. */
function causes(event: StreamEvent): [string, string][] {
  const place = ([name]: [string, string]) => (CHAIN.indexOf(name) + CHAIN.length + 1) % (CHAIN.length + 1);
  const told = Object.entries(event.subject ?? {}).filter(([name]) => !UNSAID.includes(name));
  return told.sort((one, other) => place(one) - place(other));
}

const NAMED_MAX = 3;

/** Returns a list of names without its end where it is long: an event may be about a thousand nodes. */
function shortened(value: string, say: Say): string {
  const names = value.split(",");
  if (names.length <= NAMED_MAX + 1) return names.join(", ");
  return `${names.slice(0, NAMED_MAX).join(", ")} ${say("events.more", { count: names.length - NAMED_MAX })}`;
}

/** Shows the newest events, at most every CALM_MS: nobody reads faster, and the table is dear to draw. */
export function EventList(props: { events: StreamEvent[] }) {
  const [shown, setShown] = useState(props.events);
  const newest = useRef(props.events);
  newest.current = props.events;
  const last = useRef(-CALM_MS);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    const show = () => {
      timer.current = undefined;
      last.current = performance.now();
      setShown(newest.current);
    };
    timer.current ??= setTimeout(show, Math.max(0, last.current + CALM_MS - performance.now()));
  }, [props.events]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return <Newest events={useDeferredValue(shown)} />;
}

/** As wide as small tablets are. */
const NARROW = "(width <= 688px)";

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => window.matchMedia(NARROW).matches);
  useEffect(() => {
    const query = window.matchMedia(NARROW);
    const changed = () => setNarrow(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return narrow;
}

const Newest = memo(function Newest(props: { events: StreamEvent[] }) {
  const say = useSay();
  const moment = useMoment();
  const narrow = useNarrow();
  const shown = props.events.slice(0, SHOWN_MAX);
  return (
    <Table
      items={shown}
      trackBy={(event) => String(event.sequence)}
      wrapLines
      header={
        <Header
          counter={`(${props.events.length})`}
          description={props.events.length > shown.length ? say("events.newest", { count: shown.length }) : undefined}
        >
          {say("tab.events")}
        </Header>
      }
      // What happened is to be seen without scrolling sideways.
      visibleColumns={narrow ? ["at", "message", "causes"] : ["at", "kind", "message", "causes"]}
      columnDefinitions={[
        {
          id: "at",
          header: say("events.at"),
          cell: (event) => (
            <>
              {moment(event.at)}
              {narrow && <Box variant="small" display="block">{event.kind}</Box>}
            </>
          ),
          width: narrow ? 120 : 190,
          minWidth: narrow ? 100 : 130,
          verticalAlign: "top",
        },
        { id: "kind", header: say("events.kind"), cell: (event) => event.kind, width: 170, minWidth: 150, verticalAlign: "top" },
        { id: "message", header: say("events.message"), cell: (event) => event.message, minWidth: narrow ? 200 : 260 },
        {
          id: "causes",
          header: say("events.causes"),
          width: 380,
          minWidth: 280,
          verticalAlign: "top",
          cell: (event) => (
            <Box fontSize="body-s" color="text-body-secondary">
              {causes(event).map(([name, value]) => (
                <div key={name}>
                  {name} <span className="cause">{shortened(value, say)}</span>
                </div>
              ))}
            </Box>
          ),
        },
      ]}
      empty={say("events.none")}
    />
  );
});
