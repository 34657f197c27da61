// From what was and what one typed to the requests that make the difference; what stayed is not sent.

import type { Inputs, Nodegroup, Taint } from "../../aws/model.generated";
import { asMap } from "../../parts/pairs";
import { asConfig, asPool } from "../../parts/pool";
import type { Pair, Pool, Sizes } from "../../parts/rules";
import type { Unavailable } from "../../parts/size-fields";

export interface Edited {
  sizes: Sizes;
  labels: Pair[];
  taints: Taint[];
  unavailable: Unavailable;
  strategy: string;
  repair: boolean;
  pool: Pool;
  tags: Pair[];
}

type Config = Omit<Inputs["UpdateNodegroupConfig"], "clusterName" | "nodegroupName">;

export interface Changes {
  /** Undefined: nothing that UpdateNodegroupConfig takes has changed. */
  config?: Config;
  tags: Record<string, string>;
  removedTags: string[];
}

export function changed(group: Nodegroup, edited: Edited): Changes {
  const config: Config = {};
  const sizes = sizeChanges(group, edited.sizes);
  if (sizes) config.scalingConfig = sizes;
  const labels = difference(group.labels ?? {}, asMap(edited.labels));
  if (labels.any) config.labels = { addOrUpdateLabels: labels.put, removeLabels: labels.removed };
  const taints = taintChanges(group.taints ?? [], edited.taints);
  if (taints) config.taints = taints;
  const update = updateConfig(group, edited);
  if (update) config.updateConfig = update;
  if (edited.repair !== (group.nodeRepairConfig?.enabled ?? false))
    config.nodeRepairConfig = { ...group.nodeRepairConfig, enabled: edited.repair };
  const pool = asPool(group.warmPoolConfig);
  if (JSON.stringify(pool) !== JSON.stringify(edited.pool) && (pool.on || edited.pool.on))
    config.warmPoolConfig = asConfig(edited.pool);
  const tags = difference(group.tags ?? {}, asMap(edited.tags));
  return {
    config: Object.keys(config).length ? config : undefined,
    tags: tags.put,
    removedTags: tags.removed,
  };
}

/** Returns the sizes that were edited and no others: an autoscaler may have moved those since. */
function sizeChanges(group: Nodegroup, typed: Sizes): Config["scalingConfig"] {
  const had = group.scalingConfig ?? {};
  const now = { minSize: Number(typed.minimum), maxSize: Number(typed.maximum), desiredSize: Number(typed.desired) };
  const moved = Object.entries(now).filter(([member, size]) => had[member as keyof typeof now] !== size);
  return moved.length ? Object.fromEntries(moved) : undefined;
}

function difference(before: Record<string, string>, after: Record<string, string>) {
  const put = Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value));
  const removed = Object.keys(before).filter((key) => !(key in after));
  return { put, removed, any: Object.keys(put).length > 0 || removed.length > 0 };
}

function taintChanges(before: Taint[], after: Taint[]): Config["taints"] {
  const name = (taint: Taint) => `${taint.key} ${taint.effect}`;
  const put = after.filter((each) => !before.some((old) => name(old) === name(each) && old.value === each.value));
  const removed = before.filter((each) => !after.some((kept) => name(kept) === name(each)));
  return put.length || removed.length ? { addOrUpdateTaints: put, removeTaints: removed } : undefined;
}

/** Returns the settings as a whole, since the service replaces them as a whole. */
function updateConfig(group: Nodegroup, { unavailable, strategy }: Edited): Config["updateConfig"] {
  const count = Number(unavailable.text);
  const member = unavailable.kind === "number" ? "maxUnavailable" : "maxUnavailablePercentage";
  const had = group.updateConfig;
  if (had?.[member] === count && (had.updateStrategy ?? "DEFAULT") === strategy) return undefined;
  return { [member]: count, updateStrategy: strategy };
}
