// What stands in the way for the same reason, with its times between two looks.

import type { NyBlocker } from "../aws/model.generated";

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

/** Returns what blockers of one reason come to. `passed`: since they were told, in seconds of the service's clock. */
export function held(blockers: NyBlocker[], passed: number): Held {
  const sinces = blockers.flatMap((each) => each.since ?? []);
  const timed = blockers.filter((each) => each.secondsLeft !== undefined);
  const soonest = timed.sort((one, other) => one.secondsLeft! - other.secondsLeft!)[0] as NyBlocker | undefined;
  return {
    blockers,
    since: sinces.length ? Math.min(...sinces) : undefined,
    seconds: Math.max(...blockers.map((each) => each.secondsSo ?? 0)) + passed,
    left: soonest && Math.max(0, soonest.secondsLeft! - passed),
    then: soonest?.then,
    tries: blockers.reduce((sum, each) => sum + (each.tries ?? 0), 0),
  };
}

/** Returns what keeps an update itself waiting, when anything does. */
export function waiting(blockers: NyBlocker[], passed: number): Held | undefined {
  const own = blockers.filter((each) => each.then !== "INSTANCE_TERMINATES");
  return own.length ? held(own, passed) : undefined;
}
