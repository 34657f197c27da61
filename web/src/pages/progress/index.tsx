// One update while it runs: phases, a lane for every node, what holds it up and what helps, what happened.

import { useEffect, useRef, useState } from "react";
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { Frame } from "../../app/frame";
import { to } from "../../app/route";
import { useWho } from "../../app/session";
import { ApiError } from "../../aws/client";
import type { NyUpdateProgress } from "../../aws/model.generated";
import { call } from "../../aws/operations";
import { ErrorAlert } from "../../parts/alerts";
import { EventList, useEventLog } from "../../parts/event-list";
import { Facts } from "../../parts/facts";
import { Status } from "../../parts/status";
import { useLoad } from "../../parts/use-load";
import { span, useMoment, useSay, useTell } from "../../strings";
import { BlockerCards } from "./blocker-cards";
import { Lanes } from "./lanes";
import { Phases } from "./phases";
import { Recorder } from "./recorder";

export default function ProgressPage(props: { cluster: string; name: string; update: string }) {
  const { cluster, name, update } = props;
  const say = useSay();
  const who = useWho();
  const log = useEventLog({ clusterName: cluster, nodegroupName: name, updateId: update });
  const recorder = useRef(new Recorder());
  const nodes = useRef<Pick<NyUpdateProgress, "nodes" | "nodesUnseenBecause">>({});
  recorder.current.heard(log.events);
  const { value, error, loading, live, reload } = useLoad(
    `progress ${who.region} ${cluster} ${update}`,
    async (caller, signal, whole) => {
      // Nodes cost as much as there are of them: between two looks the log tells which lanes they are in.
      const input = { clusterName: cluster, updateId: update, withNodes: whole };
      const mark = whole ? recorder.current.looking() : undefined;
      const progress = (await call(caller, "DescribeUpdateProgress", input, signal)).progress!;
      recorder.current.saw(progress, mark);
      if (whole) nodes.current = { nodes: progress.nodes, nodesUnseenBecause: progress.nodesUnseenBecause };
      return { ...progress, ...nodes.current };
    },
    { cluster, nodegroup: name },
    (event) => event.subject?.update === update && log.add(event),
    { onOpen: log.readOn },
  );
  const running = value?.update?.status === "InProgress";
  return (
    <Frame
      crumbs={[
        { text: cluster, href: to.cluster(cluster) },
        { text: name, href: to.nodegroup(cluster, name) },
        { text: say("progress.crumb"), href: to.progress(cluster, name, update) },
      ]}
      header={
        <Header
          variant="h1"
          description={
            <SpaceBetween direction="horizontal" size="m">
              <Status status={value?.update?.status} />
              {running && (
                <StatusIndicator type={live ? "success" : "pending"}>
                  {say(live ? "progress.live" : "progress.looking")}
                </StatusIndicator>
              )}
            </SpaceBetween>
          }
          actions={running && <Cancel cluster={cluster} update={value!} onDone={reload} />}
        >
          {say("progress.title", { name })}
        </Header>
      }
    >
      {error && <ErrorAlert error={error} retry={reload} />}
      {loading && <p role="status">{say("loading")}</p>}
      {value && <Shown progress={value} recorder={recorder.current} />}
      <EventList events={log.events} />
    </Frame>
  );
}

function Shown(props: { progress: NyUpdateProgress; recorder: Recorder }) {
  const { progress, recorder } = props;
  const say = useSay();
  const tell = useTell();
  const moment = useMoment();
  const update = progress.update!;
  const elapsed = useElapsed(progress);
  const waits = otherWaits(progress);
  const left = progress.remainingSeconds;
  const ahead = left === undefined || left === null ? undefined : left - (elapsed - (progress.elapsedSeconds ?? 0));
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
      {progress.phases && progress.phases.length > 0 && <Phases progress={progress} />}
      <Facts
        title={say("progress.state")}
        facts={[
          [say("progress.to"), [update.releaseVersion, update.force ? `(${say("update.force")})` : ""].join(" ").trim()],
          [say("progress.nodes"), update.nodesTotal === undefined ? "–" : `${update.nodesDone} / ${update.nodesTotal}`],
          [say("progress.elapsed"), span(elapsed)],
          [
            say("progress.left"),
            update.status === "InProgress" && ahead !== undefined
              ? `${span(ahead)} · ${tell(progress.remainingBasis)}`
              : tell(progress.remainingBasis) || "–",
          ],
          [say("update.began"), moment(update.createdAt)],
          update.status === "InProgress"
            ? [say("progress.end"), ahead === undefined ? "–" : moment(end(ahead, progress))]
            : [say("update.ended"), moment(update.finishedAt)],
          [say("update.id"), update.id],
        ]}
      />
      {waits.length > 0 && update.status === "InProgress" && (
        <Alert type="info" header={say("progress.waits")}>
          {waits.map(tell).join(" · ")}
        </Alert>
      )}
      <BlockerCards progress={progress} />
      <Lanes progress={progress} recorder={recorder} elapsed={elapsed} />
    </SpaceBetween>
  );
}

/** Returns when an update ends that has so many simulated seconds before it. */
function end(ahead: number, progress: NyUpdateProgress): number {
  return Date.now() / 1000 + Math.max(0, ahead) * (progress.secondLasts ?? 1);
}

/** Returns what is waited for beside what the blocker cards say. */
function otherWaits(progress: NyUpdateProgress): string[] {
  const told = (progress.blockers ?? []).map((each) => each.sentence ?? "");
  const waits = (progress.waits ?? []).map((each) => each.because ?? "");
  return waits.filter((wait) => !told.some((sentence) => sentence && wait.includes(sentence)));
}

/** Returns the elapsed seconds of the update, going on between two looks as fast as they did. */
function useElapsed(progress: NyUpdateProgress): number {
  const [now, setNow] = useState(() => performance.now());
  const last = useRef({ progress, at: now, speed: 1 });
  if (last.current.progress !== progress) {
    const at = performance.now();
    const passed = (at - last.current.at) / 1000;
    const grown = (progress.elapsedSeconds ?? 0) - (last.current.progress.elapsedSeconds ?? 0);
    const speed = passed > 0.05 && grown > 0 ? grown / passed : last.current.speed;
    last.current = { progress, at, speed };
  }
  const running = progress.update?.status === "InProgress";
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  const since = Math.max(0, now - last.current.at) / 1000;
  return (progress.elapsedSeconds ?? 0) + (running ? since * last.current.speed : 0);
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
