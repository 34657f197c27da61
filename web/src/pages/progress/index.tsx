// One update while it runs: phases, a lane for every node, what holds it up and what helps, what happened.

import { useEffect, useRef, useState } from "react";
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { Frame } from "../../app/frame";
import { go, to } from "../../app/route";
import { useWho } from "../../app/session";
import { ApiError } from "../../aws/client";
import type { NyUpdateOverview, NyUpdateProgress } from "../../aws/model.generated";
import { call } from "../../aws/operations";
import { ErrorAlert, remedy } from "../../parts/alerts";
import { BlockerCards } from "../../parts/blocker-cards";
import { waiting } from "../../parts/blockers";
import { EventList, useEventLog } from "../../parts/event-list";
import { Facts, type Fact } from "../../parts/facts";
import { Status } from "../../parts/status";
import { useLoad } from "../../parts/use-load";
import { span, useMoment, useSay, useTell, type Key, type Say } from "../../strings";
import { Lanes } from "./lanes";
import { Phases } from "./phases";
import { Recorder } from "./recorder";
import { times, type Times } from "./times";

const ENDED_EARLY = ["Failed", "Cancelled"];

const phaseOf = (progress: NyUpdateProgress) => progress.phases?.find((each) => each.state === "CURRENT")?.phase;

export default function ProgressPage(props: { cluster: string; name: string; update: string }) {
  const { cluster, name, update } = props;
  const say = useSay();
  const who = useWho();
  const log = useEventLog({ clusterName: cluster, nodegroupName: name, updateId: update });
  const recorder = useRef(new Recorder());
  const nodes = useRef<Pick<NyUpdateProgress, "nodes" | "nodesUnseenBecause"> & { phase?: string }>({});
  recorder.current.heard(log.events);
  const { value, error, loading, answeredAt, live, reload } = useLoad(
    `progress ${who.region} ${cluster} ${update}`,
    async (caller, signal, whole) => {
      // Nodes cost as much as there are of them: between two looks the log tells which lanes they are in.
      const look = async (withNodes: boolean) => {
        const input = { clusterName: cluster, updateId: update, withNodes };
        const mark = withNodes ? recorder.current.looking() : undefined;
        const progress = (await call(caller, "DescribeUpdateProgress", input, signal)).progress!;
        recorder.current.saw(progress, mark);
        return progress;
      };
      let progress = await look(whole);
      // What nodes wait for is another thing in another phase.
      const turned = !whole && phaseOf(progress) !== nodes.current.phase;
      if (turned) progress = await look(true);
      if (whole || turned) {
        const { nodes: seen, nodesUnseenBecause } = progress;
        nodes.current = { nodes: seen, nodesUnseenBecause, phase: phaseOf(progress) };
      }
      const { phase: _, ...last } = nodes.current;
      return { ...progress, ...last };
    },
    { cluster, nodegroup: name },
    (event) => {
      if (event.subject?.update === update) log.add(event);
    },
    { onOpen: log.readOn },
  );
  // The update, or all that it is about, is no more: what was seen of it does not go on.
  const gone = error?.status === 404;
  const running = value?.update?.status === "InProgress" && !gone;
  const now = useNow(running);
  const lost = error !== undefined;
  const seen = value && times(value, { at: answeredAt, lost }, now);
  const group = value?.update?.nodegroupName ?? name;
  return (
    <Frame
      crumbs={[
        { text: cluster, href: to.cluster(cluster) },
        { text: group, href: to.nodegroup(cluster, group) },
        { text: say("progress.crumb"), href: to.progress(cluster, group, update) },
      ]}
      header={
        <Header
          variant="h1"
          description={
            <SpaceBetween direction="horizontal" size="m">
              {!gone && <Status status={value?.update?.status} />}
              {running && seen && <Line live={live} times={seen} error={error} />}
            </SpaceBetween>
          }
          actions={
            running ? (
              <Cancel cluster={cluster} update={value!} onDone={reload} />
            ) : (
              !gone && ENDED_EARLY.includes(value?.update?.status ?? "") && (
                <Button onClick={() => go(to.update(cluster, group))}>{say("progress.again")}</Button>
              )
            )
          }
        >
          {say("progress.title", { name: group })}
        </Header>
      }
    >
      {seen?.silent && running ? (
        <Silent since={seen.asOf} error={error} retry={reload} />
      ) : (
        error && <ErrorAlert error={error} retry={gone ? undefined : reload} />
      )}
      {loading && <p role="status">{say("loading")}</p>}
      {seen && !gone && <Shown progress={value} recorder={recorder.current} times={seen} />}
      <EventList events={log.events} />
    </Frame>
  );
}

/** Says how fresh what one sees is. */
function Line(props: { live: boolean; times: Times; error?: ApiError }) {
  const { live, times, error } = props;
  const say = useSay();
  return (
    <div role="status">
      {times.silent ? (
        <StatusIndicator type="error">{say(error?.status ? "error.title" : "error.unreachable.title")}</StatusIndicator>
      ) : (
        <StatusIndicator type={live ? "success" : "pending"}>
          {say(live ? "progress.live" : "progress.looking")}
        </StatusIndicator>
      )}
    </div>
  );
}

/** Says since when nobody knows what the update does; `error`: what the service says instead, if anything. */
function Silent(props: { since: number; error?: ApiError; retry: () => void }) {
  const { error } = props;
  const say = useSay();
  const moment = useMoment();
  return (
    <Alert
      type="error"
      header={say(error?.status ? "progress.untold" : "progress.silent", { at: moment(props.since) })}
      action={<Button onClick={props.retry}>{say("action.retry")}</Button>}
    >
      {error?.status ? `${error.code}: ${error.message} ` : ""}
      {say("progress.silentWhat")}
    </Alert>
  );
}

/** Returns the instant on the browser's clock, every second while something runs. Units: ms. */
function useNow(running: boolean): number {
  const [, again] = useState(0);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => again((times) => times + 1), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return Date.now();
}

function Shown(props: { progress: NyUpdateProgress; recorder: Recorder; times: Times }) {
  const { progress, recorder, times } = props;
  const say = useSay();
  const tell = useTell();
  const moment = useMoment();
  const update = progress.update!;
  const waits = otherWaits(progress);
  const blockers = progress.blockers ?? [];
  // The cards say it of each pod.
  const issues = (progress.issues ?? []).filter((each) => each.code !== "PodEvictionFailure" || !blockers.length);
  // Other updates than those of versions replace no node.
  const rollout = update.type === "VersionUpdate";
  return (
    <SpaceBetween size="l">
      {update.errors?.map((each) => (
        <Alert key={each.errorCode} type="error" header={each.errorCode}>
          {each.errorMessage}
          {each.resourceIds?.length ? (
            <div>
              {say("health.resources")}: {each.resourceIds.join(", ")}
            </div>
          ) : null}
        </Alert>
      ))}
      {rollout && <Phases progress={progress} />}
      <Facts
        title={say("progress.state")}
        facts={[
          ...(rollout ? aims(update, say) : ([[say("update.type"), update.type]] as Fact[])),
          [say("progress.elapsed"), span(times.elapsed)],
          ...(update.status === "InProgress" && rollout
            ? ([
                [
                  say("progress.left"),
                  times.left === undefined
                    ? (unknown(progress, times, say) ?? (tell(progress.remainingBasis) || "–"))
                    : `${span(times.left)} · ${tell(progress.remainingBasis)}`,
                ],
              ] as Fact[])
            : []),
          [say("update.began"), moment(update.createdAt)],
          update.status === "InProgress"
            ? [say("progress.end"), moment(times.end)]
            : [say("update.ended"), moment(update.finishedAt)],
          [say("update.id"), update.id],
        ]}
      />
      {issues.map((each) => (
        <Alert key={each.code} type="warning" header={each.code}>
          {each.message} {remedy(each.code, say)}
        </Alert>
      ))}
      {waits.length > 0 && update.status === "InProgress" && (
        <Alert type="info" header={say("progress.waits")}>
          {waits.map(tell).join(" · ")}
        </Alert>
      )}
      <BlockerCards blockers={blockers} passed={times.passed} />
      {rollout && <Lanes progress={progress} recorder={recorder} elapsed={times.elapsed} />}
    </SpaceBetween>
  );
}

/** Returns what the nodes are to run in the end, and how many of them do. */
function aims(update: NyUpdateOverview, say: Say): Fact[] {
  const { name, version } = update.launchTemplate ?? {};
  const how = update.force ? `${update.releaseVersion} (${say("update.force")})` : update.releaseVersion;
  return [
    [say("progress.to"), how],
    ...(name ? ([[say("field.templateVersion"), `${name} (${version})`]] as Fact[]) : []),
    [say("progress.nodes"), update.nodesTotal ? `${update.nodesDone} / ${update.nodesTotal}` : "–"],
  ];
}

/** Returns that pods keep an update waiting, and for how long at most, where nobody can know its end. */
function unknown(progress: NyUpdateProgress, times: Times, say: Say): string | undefined {
  const held = waiting(progress.blockers ?? [], times.passed);
  if (held?.left === undefined) return undefined;
  const then = say(`blocker.${held.then ?? "UPDATE_FAILS"}` as Key, { time: span(held.left) });
  return say("progress.held", { count: held.blockers.length, then });
}

/** Returns what is waited for beside what the blocker cards say. */
function otherWaits(progress: NyUpdateProgress): string[] {
  const told = (progress.blockers ?? []).map((each) => each.sentence ?? "");
  const waits = (progress.waits ?? []).map((each) => each.because ?? "");
  return waits.filter((wait) => !told.some((sentence) => sentence && wait.includes(sentence)));
}

function Cancel(props: { cluster: string; update: NyUpdateProgress; onDone: () => void }) {
  const { cluster, update, onDone } = props;
  const say = useSay();
  const who = useWho();
  const [error, setError] = useState<ApiError>();
  const [sent, setSent] = useState(false);
  const asked = sent || update.update?.cancelRequested;
  const cancel = async () => {
    setSent(true);
    setError(undefined);
    try {
      await call(who, "CancelUpdate", { name: cluster, updateId: update.update!.id! });
      onDone();
    } catch (failure) {
      setSent(false);
      if (failure instanceof ApiError) setError(failure);
    }
  };
  return (
    <SpaceBetween size="xs">
      <Button disabled={asked} onClick={() => void cancel()}>
        {say(asked ? "progress.cancelling" : "progress.cancel")}
      </Button>
      {error && <ErrorAlert error={error} />}
    </SpaceBetween>
  );
}
