// The way of every node through an update, as spans on the time axis of the update: from what the service tells
// of nodes that are there, from the event log for what is over, and from what was seen since the page is open.
// A page that is loaded again shows the same.

import type { NyNodeProgress, NyUpdateProgress } from "../../aws/model.generated";
import type { StreamEvent } from "../../aws/stream";

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
  /** Where it is, or where it was when the update ended; `GONE` when it is no more. */
  lane: string;
  /** Still listed by the service. */
  present: boolean;
  /** Whether what `node` tells beside is of this lane: the log knows of a lane before the next look. */
  fresh: boolean;
}

/** A step of a node: from when on it is in a lane. `GONE` ends its row. */
type Steps = Map<string, number>;

const ORDER = ["QUEUED", "LAUNCHING", "JOINED", "READY", "DRAINING", "BLOCKED", "PAUSING", "TERMINATING", "GONE"];
const IN = ["LAUNCHING", "JOINED", "READY"];
/** Lanes of an old node that nothing happens to. */
const STILL = ["QUEUED", "READY"];
export const GONE = "GONE";
/** Kubernetes tells when a node became ready to the second, so what came before may seem to come after. */
const SAME_S = 1;

export class Recorder {
  private readonly steps = new Map<string, Steps>();
  private readonly logged = new Set<string>();
  private readonly nodes = new Map<string, NyNodeProgress>();
  private present = new Set<string>();
  /** Those that the service has told of: the log knows less of them. */
  private readonly listed = new Set<string>();
  private began?: number;
  private second = 1;
  private running = false;
  private waiting: StreamEvent[] = [];
  /** What `heard` was given last: a log that is full changes, but not its length. */
  private last?: StreamEvent[];
  private readonly taken = new Set<number>();
  /** Key -> the newest lane that the log tells, and the sequence of the event. */
  private readonly told = new Map<string, { lane: string; sequence: number }>();
  private newest = 0;
  /** Up to where the log was known when the nodes were looked at: what it tells above goes before what was seen. */
  private looked = 0;
  /** What `sorted` returned, until something is new, and the rows of nodes of which nothing is. */
  private rows?: Row[];
  private readonly kept = new Map<string, Row>();

  /** Returns a mark for `saw`, to be asked for before the service is. */
  looking(): number {
    return this.newest;
  }

  /** Takes what one look found. `mark`: from `looking`; undefined: the look was without the nodes. */
  saw(progress: NyUpdateProgress, mark: number | undefined): void {
    this.began = progress.began ?? progress.update?.createdAt;
    this.second = progress.secondLasts || 1;
    const now = progress.elapsedSeconds ?? 0;
    const running = progress.update?.status === "InProgress";
    if (mark !== undefined || running !== this.running) this.kept.clear();
    this.running = running;
    // A look that saw no node says nothing of where they are: what the log tells stays.
    if (mark === undefined || (running && progress.nodesUnseenBecause)) return this.read();
    this.looked = mark;
    const listed = progress.nodes ?? [];
    for (const node of listed) {
      const key = node.instanceId ?? node.nodeName ?? "";
      const known = this.nodes.has(key);
      this.nodes.set(key, node);
      this.listed.add(key);
      for (const step of node.history ?? []) this.place(key, step.lane!, this.seconds(step.since!));
      const since = node.secondsSo === undefined || node.secondsSo === null ? (known ? now : 0) : now - node.secondsSo;
      this.place(key, node.lane!, Math.max(0, since));
    }
    const there = new Set(listed.map((node) => node.instanceId ?? node.nodeName ?? ""));
    for (const key of this.present) if (running && !there.has(key)) this.place(key, GONE, now);
    this.present = there;
    this.read();
  }

  /** Takes events of the update: steps of nodes that may be gone by now. */
  heard(events: StreamEvent[]): void {
    if (events === this.last) return;
    this.last = events;
    for (const event of events) {
      if (this.taken.has(event.sequence!)) continue;
      this.taken.add(event.sequence!);
      this.newest = Math.max(this.newest, event.sequence!);
      if (event.kind === "NodeLane" && event.subject?.instance) this.waiting.push(event);
    }
    this.read();
  }

  private read(): void {
    this.rows = undefined;
    if (this.began === undefined) return;
    for (const { subject, at, sequence } of this.waiting) {
      const { instance, node, zone, lane } = subject!;
      const seconds = this.seconds(typeof at === "string" ? Date.parse(at) / 1000 : at!);
      const known = this.nodes.get(instance);
      if (!this.listed.has(instance))
        // The newest event comes first: what a node was before it went is told by those that follow.
        this.nodes.set(instance, {
          instanceId: instance,
          nodeName: node || known?.nodeName,
          zone: zone || known?.zone,
          lane: known?.lane ?? lane,
          new: IN.includes(lane) || known?.new === true,
          history: [],
        });
      if (sequence! > (this.told.get(instance)?.sequence ?? 0)) this.told.set(instance, { lane, sequence: sequence! });
      this.place(instance, lane, seconds, true);
    }
    this.waiting = [];
  }

  private seconds(at: number): number {
    return Math.max(0, (at - this.began!) / this.second);
  }

  /** Notes when a node came to a lane. What the log tells is to the instant, and goes before all else. */
  private place(key: string, lane: string, from: number, logged = false): void {
    const step = `${key} ${lane}`;
    if (!logged && this.logged.has(step)) return;
    const steps = this.steps.get(key) ?? new Map<string, number>();
    const before = logged && !this.logged.has(step) ? undefined : steps.get(lane);
    steps.set(lane, before === undefined ? from : Math.min(before, from));
    this.steps.set(key, steps);
    this.kept.delete(key);
    if (logged) this.logged.add(step);
  }

  /**
   * Returns the rows, those that need attention first: blocked, then moving, then waiting, then done. Of an update
   * that is over they are the nodes that it did something with, as the log tells of no others.
   */
  sorted(): Row[] {
    this.rows ??= [...this.nodes]
      .map(([key, node]) => this.made(key, node))
      .filter((row) => this.running || row.node.new || row.spans.some((each) => !STILL.includes(each.lane)))
      .sort(
        (one, other) =>
          rank(one) - rank(other) || (one.spans[0]?.from ?? 0) - (other.spans[0]?.from ?? 0) || name(one, other),
      );
    return this.rows;
  }

  private made(key: string, node: NyNodeProgress): Row {
    let row = this.kept.get(key);
    if (row === undefined) this.kept.set(key, (row = this.row(key, node)));
    return row;
  }

  private row(key: string, node: NyNodeProgress): Row {
    const same = SAME_S / Math.min(1, this.second);
    const steps = [...(this.steps.get(key) ?? [])].sort(
      ([lane, from], [other, later]) =>
        (Math.abs(from - later) <= same ? 0 : from - later) || ORDER.indexOf(lane) - ORDER.indexOf(other),
    );
    const spans: Span[] = [];
    if (!node.new && steps.length > 0 && steps[0][0] !== "READY" && steps[0][1] > 0) spans.push({ lane: "QUEUED", from: 0 });
    for (const [lane, from] of steps) {
      const last = spans[spans.length - 1];
      const start = Math.max(from, last?.from ?? 0);
      if (last) last.to = start;
      if (lane === GONE) break;
      if (last?.lane !== lane) spans.push({ lane, from: start });
      if (last?.lane === lane) last.to = undefined;
    }
    const told = this.told.get(key);
    const news = told && told.sequence > this.looked ? told.lane : undefined;
    const listed = this.running && (news ? news !== GONE : this.present.has(key));
    const last = spans[spans.length - 1]?.lane ?? GONE;
    const lane = listed ? (news ?? node.lane ?? last) : this.left(key, node, last);
    return { node, spans, lane, present: listed, fresh: lane === node.lane };
  }

  /** Returns the lane of a node that the service does not list: new ones may not be listed yet. */
  private left(key: string, node: NyNodeProgress, last: string): string {
    if (this.steps.get(key)?.has(GONE) || last === "TERMINATING") return GONE;
    return this.running && !node.new ? GONE : last;
  }
}

const RANKS = ["BLOCKED", "DRAINING", "PAUSING", "TERMINATING", "LAUNCHING", "JOINED", "QUEUED", "READY"];

function rank(row: Row): number {
  const place = RANKS.indexOf(row.lane);
  return place < 0 ? RANKS.length : place;
}

function name(one: Row, other: Row): number {
  const [first, second] = [one.node.instanceId ?? "", other.node.instanceId ?? ""];
  return first < second ? -1 : first > second ? 1 : 0;
}
