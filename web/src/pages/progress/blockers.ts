// What stands in the way for the same reason, with its times between two looks.

import type { NyBlocker } from "../../aws/model.generated";
import type { Times } from "./times";

export interface Held {
  /** The longest held first. */
  blockers: NyBlocker[];
  /** Units: seconds since 1970, on the clock of the service. */
  since?: number;
  /** For how long. Units: seconds of the update. */
  seconds: number;
  /** Until the first of their drains gives up, and what happens then. */
  left?: number;
  then?: string;
  /** Evictions that were refused, of all of them. */
  tries: number;
}

/** Returns blockers together that stand in the way for the same reason. */
export function byReason(blockers: NyBlocker[]): NyBlocker[][] {
  const groups = new Map<string, NyBlocker[]>();
  for (const each of blockers) {
    const key = `${each.code} ${each.budget ?? each.pod}`;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()];
}

/** Returns what blockers of one reason come to by now. `second`: how long one of the update lasts. */
export function held(blockers: NyBlocker[], times: Times, second: number): Held {
  const sinces = blockers.flatMap((each) => each.since ?? []);
  const since = sinces.length ? Math.min(...sinces) : undefined;
  const now = times.asOf + times.passed * second;
  const timed = blockers.filter((each) => each.secondsLeft !== undefined);
  const soonest = timed.sort((one, other) => one.secondsLeft! - other.secondsLeft!)[0] as NyBlocker | undefined;
  return {
    blockers,
    since,
    seconds: since === undefined ? 0 : Math.max(0, (now - since) / second),
    left: soonest && Math.max(0, soonest.secondsLeft! - times.passed),
    then: soonest?.then,
    tries: blockers.reduce((sum, each) => sum + (each.tries ?? 0), 0),
  };
}

/** Returns how many pods keep an update waiting when nobody can know its end, and what happens when. */
export function waiting(blockers: NyBlocker[], times: Times, second: number): Held | undefined {
  const own = blockers.filter((each) => each.then !== "INSTANCE_TERMINATES");
  return own.length ? held(own, times, second) : undefined;
}
