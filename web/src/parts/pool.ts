// A warm pool as one types it, and as the API has it.

import type { WarmPoolConfig } from "../aws/model.generated";
import type { Pool } from "./rules";

export const NO_POOL: Pool = { on: false, minimum: "0", prepared: "", state: "STOPPED", reuse: false };
const NO_CAP = -1;

export function asPool(config: WarmPoolConfig | undefined): Pool {
  if (!config?.enabled) return NO_POOL;
  const { minSize, maxGroupPreparedCapacity: cap, poolState, reuseOnScaleIn } = config;
  return {
    on: true,
    minimum: String(minSize ?? 0),
    prepared: cap === undefined || cap === null || cap === NO_CAP ? "" : String(cap),
    state: poolState ?? "STOPPED",
    reuse: reuseOnScaleIn ?? false,
  };
}

/** Returns all of it: what is left out of an update keeps its value. */
export function asConfig(pool: Pool): WarmPoolConfig {
  if (!pool.on) return { enabled: false };
  return {
    enabled: true,
    minSize: Number(pool.minimum),
    maxGroupPreparedCapacity: pool.prepared === "" ? NO_CAP : Number(pool.prepared),
    poolState: pool.state,
    reuseOnScaleIn: pool.reuse,
  };
}
