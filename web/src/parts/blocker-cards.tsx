// What holds nodes that are to become empty: one card for everything that stands in the way for the same reason.

import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { NyBlocker } from "../aws/model.generated";
import { en } from "../strings/en";
import { span, useMoment, useSay, useTell, type Key, type Say } from "../strings";
import { byReason, held, type Held } from "./blockers";

/** Pods that are named; of the others the number is told. */
const NAMED_MAX = 6;

/** `passed`: since they were told, in seconds of the service's clock. */
export function BlockerCards(props: { blockers: NyBlocker[]; passed: number }) {
  const { blockers, passed } = props;
  if (!blockers.length) return null;
  return (
    <SpaceBetween size="l">
      {byReason(blockers).map((each) => (
        <Card key={`${each[0].code} ${each[0].budget} ${each[0].pod}`} held={held(each, passed)} />
      ))}
    </SpaceBetween>
  );
}

/** Returns what holds a pod in few words; a code that is unknown here stands for itself. */
function title({ code = "", budget = "", pod = "" }: NyBlocker, say: Say): string {
  const key = `blocker.is.${code}`;
  return key in en ? say(key as Key, { budget, pod }) : code;
}

function Card(props: { held: Held }) {
  const { blockers, since, seconds, left, then, tries } = props.held;
  const [first] = blockers;
  const say = useSay();
  const tell = useTell();
  const moment = useMoment();
  const rest = blockers.length - NAMED_MAX;
  const pods = (
    <ul className="told">
      {blockers.slice(0, NAMED_MAX).map((each) => (
        <li key={each.pod}>
          {each.pod}
          <Box variant="small" display="block">
            {say("blocker.on", { node: each.nodeName ?? each.instanceId ?? "–" })}
          </Box>
        </li>
      ))}
      {rest > 0 && <li>{say("events.more", { count: rest })}</li>}
    </ul>
  );
  return (
    <Container
      header={
        <Header variant="h2" description={tell(first.sentence)}>
          <StatusIndicator type="warning">{title(first, say)}</StatusIndicator>
        </Header>
      }
    >
      <Box margin={{ bottom: "m" }}>
        <b>{say("blocker.help")}</b> <span className="anywhere">{tell(first.help) || "–"}</span>
      </Box>
      <KeyValuePairs
        columns={3}
        items={[
          { label: `${say("blocker.pods")} (${blockers.length})`, value: pods },
          {
            label: say("blocker.for"),
            value: `${span(seconds)} (${say("progress.since", { at: moment(since) })})`,
          },
          {
            label: say("blocker.left"),
            value: left === undefined ? "–" : say(`blocker.${then ?? "UPDATE_FAILS"}` as Key, { time: span(left) }),
          },
          ...(first.needs === undefined
            ? []
            : [
                {
                  label: say("blocker.counts"),
                  value: say("blocker.needsHas", { needs: first.needs, healthy: first.healthy ?? "–" }),
                },
              ]),
          ...(tries ? [{ label: say("blocker.tries"), value: tries }] : []),
          ...(first.refusal ? [{ label: say("blocker.refusal"), value: first.refusal }] : []),
          { label: say("blocker.code"), value: first.code },
        ]}
      />
    </Container>
  );
}
