// A lane for every node on a time axis. Only the rows in sight are drawn, so a thousand nodes cost what twenty do.

import { useState } from "react";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { NyUpdateProgress } from "../../aws/model.generated";
import { span, useSay, useTell, type Key, type Say } from "../../strings";
import { GONE, type Recorder, type Row } from "./recorder";
import "./lanes.css";

const ROW_PX = 44;
const SIGHT_PX = 440;
const MARGIN_ROWS = 4;
const LANES = ["QUEUED", "LAUNCHING", "JOINED", "READY", "DRAINING", "BLOCKED", "PAUSING", "TERMINATING"] as const;

function laneName(lane: string | undefined, say: Say): string {
  return (LANES as readonly string[]).includes(lane ?? "") ? say(`lane.${lane}` as Key) : (lane ?? "");
}

export function Lanes(props: { progress: NyUpdateProgress; recorder: Recorder; elapsed: number }) {
  const { progress, recorder, elapsed } = props;
  const say = useSay();
  const tell = useTell();
  const [top, setTop] = useState(0);
  const rows = recorder.sorted();
  const whole = Math.max(elapsed, 1);
  const running = progress.update?.status === "InProgress";
  const first = Math.max(0, Math.floor(top / ROW_PX) - MARGIN_ROWS);
  const seen = rows.slice(first, first + Math.ceil(SIGHT_PX / ROW_PX) + 2 * MARGIN_ROWS);
  const counts = LANES.map((lane) => [lane, rows.filter((each) => each.present && each.lane === lane).length] as const);
  const held = new Map((progress.blockers ?? []).map((each) => [each.instanceId, each.sentence]));
  return (
    <Container header={<Header variant="h2" counter={`(${rows.length})`}>{say(running ? "lanes.title" : "lanes.touched")}</Header>}>
      <SpaceBetween size="s">
        {progress.nodesUnseenBecause && <Box color="text-status-warning">{say("lanes.unseen", { why: tell(progress.nodesUnseenBecause) })}</Box>}
        <ul className="lanes-legend">
          {counts.map(([lane, count]) => (
            <li key={lane}>
              <span className={`lanes-mark lane-${lane}`} aria-hidden="true" />
              {laneName(lane, say)}
              {running && `: ${count}`}
            </li>
          ))}
        </ul>
        <div className="lanes-axis" aria-hidden="true">
          {[0, 0.25, 0.5, 0.75, 1].map((part) => (
            <span key={part}>{span(whole * part)}</span>
          ))}
        </div>
        <div
          className="lanes-sight"
          style={{ blockSize: Math.min(SIGHT_PX, Math.max(rows.length, 1) * ROW_PX) }}
          role="region"
          aria-label={say("lanes.title")}
          tabIndex={0}
          onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        >
          <div role="list" className="lanes-all" style={{ height: Math.max(rows.length, 1) * ROW_PX }}>
            {seen.map((row, place) => (
              <Lane
                key={row.node.instanceId}
                row={row}
                because={tell(row.fresh ? row.node.because : row.lane === "BLOCKED" ? held.get(row.node.instanceId) : "")}
                top={(first + place) * ROW_PX}
                whole={whole}
              />
            ))}
          </div>
        </div>
      </SpaceBetween>
    </Container>
  );
}

function Lane(props: { row: Row; because: string; top: number; whole: number }) {
  const { row, because, top, whole } = props;
  const say = useSay();
  const { node } = row;
  const state = row.lane === GONE ? say("lanes.gone") : laneName(row.lane, say);
  const pods = row.present && row.fresh && node.podsLeft ? `${say("lanes.podsLeft", { count: node.podsLeft })} ·` : "";
  return (
    <div role="listitem" className="lane" style={{ transform: `translateY(${top}px)`, height: ROW_PX }}>
      <div className="lane-name" title={[node.nodeName, node.zone].filter(Boolean).join(" · ")}>
        <b>{node.instanceId}</b>
        <span>
          {[node.new && say("lanes.new"), node.nodeName?.split(".")[0], node.zone].filter(Boolean).join(" · ")}
        </span>
      </div>
      <div className="lane-track">
        <div className="lane-bar" aria-hidden="true">
          {row.spans.map((each) => (
            <span
              key={`${each.lane}${each.from}`}
              className={`lane-span lane-${each.lane}`}
              style={{
                left: `${(100 * each.from) / whole}%`,
                width: `${Math.max(0.5, (100 * ((each.to ?? whole) - each.from)) / whole)}%`,
              }}
            />
          ))}
        </div>
        <div className="lane-because" title={row.present ? because : undefined}>
          <b>{state}</b> {pods} {row.present ? because : ""}
        </div>
      </div>
    </div>
  );
}
