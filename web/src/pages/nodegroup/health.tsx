// What is wrong with a node group: code, plain words, resources, since when, what to do.

import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import type { Issue } from "../../aws/model.generated";
import type { StreamEvent } from "../../aws/stream";
import { remedy } from "../../parts/alerts";
import { useMoment, useSay } from "../../strings";

/** Returns the event with which an issue began: the newest that names its code. */
function since(issue: Issue, events: StreamEvent[]): string | number | undefined {
  return events.find((each) => each.kind !== "HealthIssueGone" && each.subject?.code === issue.code)?.at;
}

export function Health(props: { issues: Issue[]; events: StreamEvent[] }) {
  const { issues, events } = props;
  const say = useSay();
  const moment = useMoment();
  return (
    <Table
      items={issues}
      trackBy={(issue) => `${issue.code} ${issue.resourceIds?.join()}`}
      wrapLines
      header={
        <Header counter={`(${issues.length})`} description={say("health.what")}>
          {say("health.title")}
        </Header>
      }
      columnDefinitions={[
        { id: "code", header: say("health.code"), cell: (issue) => issue.code, isRowHeader: true },
        { id: "message", header: say("health.message"), cell: (issue) => issue.message },
        { id: "resources", header: say("health.resources"), cell: (issue) => issue.resourceIds?.join(", ") || "–" },
        { id: "since", header: say("health.since"), cell: (issue) => moment(since(issue, events)) },
        { id: "remedy", header: say("health.remedy"), cell: (issue) => remedy(issue.code, say) },
      ]}
      empty={
        <Box textAlign="center" color="inherit">
          {say("health.healthy")}
        </Box>
      }
    />
  );
}
