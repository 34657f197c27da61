// What was seen of every node since the page is open, as spans on the time axis of the update.
// The service tells where a node is and since when; the way there is kept here.

import type { NyNodeProgress, NyUpdateProgress } from "../../aws/model.generated";

export interface Span {
  lane: string;
  /** Seconds since the update began. */
  from: number;
  /** Undefined: it goes on. */
  to?: number;
}

export interface Row {
  node: NyNodeProgress;
  spans: Span[];
  /** Still listed by the service. */
  present: boolean;
}

export class Recorder {
  private readonly rows = new Map<string, Row>();
  /** At the first look, what has no beginning has been so all the time. */
  private first = true;

  /** Takes what one look found. */
  saw(progress: NyUpdateProgress): void {
    const now = progress.elapsedSeconds ?? 0;
    const seen = new Set<string>();
    for (const node of progress.nodes ?? []) {
      const key = node.instanceId ?? node.nodeName ?? "";
      seen.add(key);
      this.place(key, node, now);
    }
    this.first = false;
    for (const [key, row] of this.rows) {
      if (seen.has(key) || !row.present) continue;
      row.present = false;
      close(row, now);
    }
  }

  private place(key: string, node: NyNodeProgress, now: number): void {
    const since = Math.max(0, now - (node.secondsSo ?? (this.first ? now : 0)));
    const row = this.rows.get(key);
    if (!row) {
      this.rows.set(key, { node, present: true, spans: [{ lane: node.lane!, from: Math.min(since, now) }] });
      return;
    }
    const last = row.spans[row.spans.length - 1];
    row.node = node;
    row.present = true;
    if (last.lane === node.lane && last.to === undefined) return;
    const from = Math.max(last.from, Math.min(since, now));
    last.to ??= from;
    row.spans.push({ lane: node.lane!, from });
  }

  /** Returns the rows, those that need attention first: blocked, then moving, then waiting, then done. */
  sorted(): Row[] {
    return [...this.rows.values()].sort(
      (one, other) => rank(one) - rank(other) || one.spans[0].from - other.spans[0].from || name(one, other),
    );
  }
}

const RANKS = ["BLOCKED", "DRAINING", "PAUSING", "TERMINATING", "LAUNCHING", "JOINED", "QUEUED", "READY"];

function rank(row: Row): number {
  return row.present ? RANKS.indexOf(row.node.lane ?? "") : RANKS.length;
}

function name(one: Row, other: Row): number {
  return (one.node.instanceId ?? "").localeCompare(other.node.instanceId ?? "");
}

function close(row: Row, at: number): void {
  const last = row.spans[row.spans.length - 1];
  last.to ??= Math.max(last.from, at);
}
