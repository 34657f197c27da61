// What holds an update up: one card for everything that stands in the way for the same reason.

import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { NyBlocker, NyUpdateProgress } from "../../aws/model.generated";
import { span, useMoment, useSay, useTell } from "../../strings";

/** Returns blockers together that stand in the way for the same reason. */
function byReason(blockers: NyBlocker[]): NyBlocker[][] {
  const groups = new Map<string, NyBlocker[]>();
  for (const each of blockers) {
    const key = `${each.code} ${each.budget ?? each.pod}`;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()];
}

export function BlockerCards(props: { progress: NyUpdateProgress }) {
  const { blockers, began = 0, elapsedSeconds = 0, secondLasts } = props.progress;
  if (!blockers?.length) return null;
  const blockedFor = (since: number) => Math.max(0, elapsedSeconds - (since - began) / (secondLasts || 1));
  return (
    <SpaceBetween size="l">
      {byReason(blockers).map((held) => (
        <Card
          key={`${held[0].code} ${held[0].budget} ${held[0].pod}`}
          held={held}
          seconds={Math.max(...held.map((each) => (each.since === undefined ? 0 : blockedFor(each.since))))}
        />
      ))}
    </SpaceBetween>
  );
}

function Card(props: { held: NyBlocker[]; seconds: number }) {
  const { held, seconds } = props;
  const [first] = held;
  const say = useSay();
  const tell = useTell();
  const moment = useMoment();
  const soonest = Math.min(...held.map((each) => each.secondsLeft ?? Infinity));
  const nodes = [...new Set(held.map((each) => each.nodeName))];
  const longest = Math.min(...held.map((each) => each.since ?? Infinity));
  return (
    <Container
      header={
        <Header variant="h2" description={tell(first.sentence)}>
          <StatusIndicator type="warning">
            {first.budget ? say("blocker.budget", { budget: first.budget }) : (first.code ?? "")}
          </StatusIndicator>
        </Header>
      }
    >
      <KeyValuePairs
        columns={3}
        items={[
          { label: say("blocker.pods"), value: held.map((each) => each.pod).join(", ") },
          { label: say("blocker.nodes"), value: nodes.join(", ") },
          { label: say("blocker.code"), value: first.code },
          { label: say("blocker.for"), value: `${span(seconds)} (${say("progress.since", { at: moment(longest) })})` },
          { label: say("blocker.left"), value: Number.isFinite(soonest) ? span(soonest) : "–" },
          { label: say("blocker.tries"), value: held.reduce((sum, each) => sum + (each.tries ?? 0), 0) },
          ...(first.refusal ? [{ label: say("blocker.refusal"), value: first.refusal }] : []),
        ]}
      />
      <Box margin={{ top: "m" }}>
        <b>{say("blocker.help")}</b> {tell(first.help)}
      </Box>
    </Container>
  );
}
