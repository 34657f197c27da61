// Between lists of keys and values as one types them and maps as the API has them.

import type { Pair } from "./rules";

/** Returns pairs as a map. */
export function asMap(pairs: Pair[]): Record<string, string> {
  return Object.fromEntries(pairs.map((each) => [each.key, each.value]));
}

export function asPairs(map: Record<string, string> | undefined): Pair[] {
  return Object.entries(map ?? {}).map(([key, value]) => ({ key, value }));
}
