// What becomes of the chosen update when it is played on a copy of the cluster: a word for the place beside the
// button, the findings for the place above it. Whoever wants to update without may: nothing waits for it.

import { useState } from "react";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import { useWho } from "../../app/session";
import type { NyRehearsal, NyRehearsalBlocker, NyRehearsalFinding } from "../../aws/model.generated";
import { call } from "../../aws/operations";
import { sentence } from "../../parts/alerts";
import { useLoad, type Loaded } from "../../parts/use-load";
import type { Tell } from "../../strings/told";
import { span, useMoment, useSay, useTell, type Key, type Say } from "../../strings";

const SIGNS: Record<string, StatusIndicatorProps.Type> = { PASSES: "success", AT_RISK: "warning", FAILS: "error" };
/** Findings of one kind that are told; the number of the others is. */
const TOLD_MAX = 5;

export interface Choice {
  force: boolean;
  updateStrategy: string;
}

/** Rehearses an update with the reader's choices, again when they change. */
export function useRehearsal(cluster: string, name: string, choice: Choice): Loaded<NyRehearsal> {
  const { region } = useWho();
  const [times, setTimes] = useState(1);
  const loaded = useLoad(
    `rehearsal ${region} ${cluster} ${name} ${choice.force} ${choice.updateStrategy} ${times}`,
    async (who, signal) => {
      const input = { clusterName: cluster, nodegroupName: name, ...choice };
      return (await call(who, "RehearseNodegroupUpdate", input, signal)).rehearsal!;
    },
    undefined,
    undefined,
    { once: true },
  );
  return { ...loaded, reload: () => setTimes(times + 1) };
}

/** The rehearsal in a few words. */
export function Verdict(props: { rehearsal: Loaded<NyRehearsal> }) {
  const { value, error } = props.rehearsal;
  const say = useSay();
  if (error) return <StatusIndicator type="info">{say("rehearsal.unavailable")}</StatusIndicator>;
  if (!value) return <StatusIndicator type="loading">{say("rehearsal.running")}</StatusIndicator>;
  return (
    <StatusIndicator type={SIGNS[value.verdict ?? ""] ?? "info"}>
      {say(`rehearsal.${value.verdict}` as Key, { time: span(value.secondsP90 ?? 0) })}
    </StatusIndicator>
  );
}

export function Findings(props: { rehearsal: Loaded<NyRehearsal> }) {
  const { value, error, loading, reload } = props.rehearsal;
  const say = useSay();
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={say("rehearsal.what")}
          actions={
            <Button formAction="none" disabled={loading} onClick={reload}>
              {say("rehearsal.again")}
            </Button>
          }
        >
          {say("rehearsal.title")}
        </Header>
      }
    >
      <div aria-live="polite">
        {error ? <Box>{sentence(error, say)}</Box> : value ? <Found {...props} /> : <Verdict {...props} />}
      </div>
    </Container>
  );
}

function Found(props: { rehearsal: Loaded<NyRehearsal> }) {
  const found = props.rehearsal.value!;
  const say = useSay();
  const tell = useTell();
  const moment = useMoment();
  const failing = Math.round((found.failing ?? 0) * (found.runs ?? 0));
  return (
    <SpaceBetween size="m">
      <Verdict {...props} />
      <Box>{say("rehearsal.sentence", { sentence: tell(found.sentence) })}</Box>
      <KeyValuePairs
        columns={4}
        items={[
          { label: say("rehearsal.failing"), value: `${failing} / ${found.runs}` },
          { label: say("rehearsal.half"), value: span(found.secondsP50 ?? 0) },
          { label: say("rehearsal.most"), value: span(found.secondsP90 ?? 0) },
          { label: say("rehearsal.at"), value: moment(found.at) },
        ]}
      />
      <Told title={say("rehearsal.blockers")} items={held(found.blockers ?? [], say, tell)} />
      <Told title={say("rehearsal.waysOut")} items={(found.waysOut ?? []).map(tell)} />
      <Told title={say("rehearsal.outages")} items={said(found.outages, tell)} />
      <Told title={say("rehearsal.unplaced")} items={unplaced(found.unplaced)} />
      <Told title={say("rehearsal.notes")} items={said(found.notes, tell)} />
      <Told title={say("rehearsal.lacking")} items={(found.lacking ?? []).map(tell)} />
    </SpaceBetween>
  );
}

const said = (findings: NyRehearsalFinding[] = [], tell: Tell) => [
  ...new Set(findings.map((each) => tell(each.sentence))),
];

/** Returns which workloads find no node, with the words of the scheduler. */
const unplaced = (findings: NyRehearsalFinding[] = []) => [
  ...new Set(findings.map((each) => `${each.kind} ${each.name}: ${each.sentence}`)),
];

/** Returns one sentence for each reason that holds pods, with what helps: a budget holds all of its pods alike. */
function held(blockers: NyRehearsalBlocker[], say: Say, tell: Tell): string[] {
  const first = new Map<string, NyRehearsalBlocker>();
  for (const each of blockers) {
    const key = `${each.code} ${each.budget ?? each.pod}`;
    if (!first.has(key)) first.set(key, each);
  }
  return [...first.values()].map((each) =>
    each.help ? say("rehearsal.held", { why: tell(each.sentence), help: tell(each.help) }) : tell(each.sentence),
  );
}

function Told(props: { title: string; items: string[] }) {
  const { title, items } = props;
  const say = useSay();
  if (items.length === 0) return null;
  const more = items.length - TOLD_MAX;
  return (
    <div>
      <Box variant="h3" fontSize="heading-xs" padding={{ bottom: "n" }}>
        {title}
      </Box>
      <ul className="told">
        {items.slice(0, TOLD_MAX).map((each) => (
          <li key={each}>{each}</li>
        ))}
        {more > 0 && <li>{say("rehearsal.more", { count: more })}</li>}
      </ul>
    </div>
  );
}
