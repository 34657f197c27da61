// The phases of an update as AWS names them. Source: EKS User Guide, understand each phase of node updates.

import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Steps, { type StepsProps } from "@cloudscape-design/components/steps";
import type { NyUpdateProgress } from "../../aws/model.generated";
import { useMoment, useSay, type Key } from "../../strings";

const PHASES = ["SetUp", "ScaleUp", "Upgrade", "ScaleDown", "RollBack", "Retreat"];
const SIGNS: Record<string, StepsProps.Status> = {
  DONE: "success",
  CURRENT: "in-progress",
  AHEAD: "pending",
  SKIPPED: "stopped",
  STOPPED: "error",
};

export function Phases(props: { progress: NyUpdateProgress }) {
  const { progress } = props;
  const say = useSay();
  const moment = useMoment();
  const name = (phase = "") => (PHASES.includes(phase) ? say(`phase.${phase}` as Key) : phase);
  return (
    <Container header={<Header variant="h2">{say("progress.phases")}</Header>}>
      <Steps
        orientation="horizontal"
        ariaLabel={say("progress.phases")}
        steps={(progress.phases ?? []).map((each) => ({
          status: SIGNS[each.state ?? ""] ?? "info",
          statusIconAriaLabel: say(`phaseState.${each.state ?? "AHEAD"}` as Key),
          header: name(each.phase),
          details:
            each.state === "CURRENT" && progress.phaseSince
              ? say("progress.since", { at: moment(progress.phaseSince) })
              : say(`phaseState.${each.state ?? "AHEAD"}` as Key),
        }))}
      />
    </Container>
  );
}
