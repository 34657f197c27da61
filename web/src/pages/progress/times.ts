// How the times of an update go on between two looks. They stand still as soon as the service is silent: nobody knows
// then what the update does. Only the clock of the service is shown, which that of the reader may be far from.

import type { NyUpdateProgress } from "../../aws/model.generated";

/** The page looks every five seconds: after two looks without an answer something is wrong. */
const SILENT_MS = 11_000;

export interface Times {
  /** Whether the service does not tell the update, or has not for longer than it may. */
  silent: boolean;
  /** When the last answer was given, on the clock of the service. Units: seconds since 1970. */
  asOf: number;
  /** Since then. Units: seconds of the update, as all below. */
  passed: number;
  elapsed: number;
  /** What is left of the update, where somebody can know. */
  left?: number;
  /** When it ends by that, on the clock of the service. Units: seconds since 1970. */
  end?: number;
}

/** When the update was told last, on the browser's clock. `lost`: the look after that failed. Units: ms. */
export interface Answer {
  at: number;
  lost: boolean;
}

/** Returns the times of an update by now. Units: `now` in ms of the browser's clock. */
export function times(progress: NyUpdateProgress, answer: Answer, now: number): Times {
  const second = progress.secondLasts || 1;
  const told = progress.elapsedSeconds ?? 0;
  const running = progress.update?.status === "InProgress";
  const silent = running && (answer.lost || now - answer.at > SILENT_MS);
  const passed = running && !silent ? Math.max(0, now - answer.at) / 1000 / second : 0;
  const asOf = (progress.began ?? progress.update?.createdAt ?? 0) + told * second;
  const remaining = running ? (progress.remainingSeconds ?? undefined) : undefined;
  return {
    silent,
    asOf,
    passed,
    elapsed: told + passed,
    left: remaining === undefined ? undefined : Math.max(0, remaining - passed),
    end: remaining === undefined ? undefined : asOf + remaining * second,
  };
}
