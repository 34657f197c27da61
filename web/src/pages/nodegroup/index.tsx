// One node group with every field that the API has, its health, nodes, updates and events.

import { useState } from "react";
import Alert from "@cloudscape-design/components/alert";
import Badge from "@cloudscape-design/components/badge";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { Frame } from "../../app/frame";
import { go, to } from "../../app/route";
import { useWho } from "../../app/session";
import type { Credentials } from "../../aws/client";
import type { Nodegroup, NyNodegroupOverview } from "../../aws/model.generated";
import { all, call } from "../../aws/operations";
import { ErrorAlert } from "../../parts/alerts";
import { BlockerCards } from "../../parts/blocker-cards";
import { EventList, useEventLog } from "../../parts/event-list";
import { NodeTable } from "../../parts/node-table";
import { Status, takesUpdates } from "../../parts/status";
import { UpdateTable } from "../../parts/update-table";
import { useLoad } from "../../parts/use-load";
import { useSay } from "../../strings";
import { Delete } from "./delete";
import { Details } from "./details";
import { Health } from "./health";

interface Shown {
  group: Nodegroup;
  overview?: NyNodegroupOverview;
}

async function shown(who: Credentials, cluster: string, name: string, signal: AbortSignal): Promise<Shown> {
  const [{ nodegroup }, overviews] = await Promise.all([
    call(who, "DescribeNodegroup", { clusterName: cluster, nodegroupName: name }, signal),
    all(who, "ListNodegroupOverviews", { clusterName: cluster }, (page) => page.nodegroups, signal),
  ]);
  return { group: nodegroup!, overview: overviews.find((each) => each.nodegroupName === name) };
}

export default function NodegroupPage(props: { cluster: string; name: string }) {
  const { cluster, name } = props;
  const say = useSay();
  const who = useWho();
  const [deleting, setDeleting] = useState(false);
  const log = useEventLog({ clusterName: cluster, nodegroupName: name });
  const { value, error, loading, reload } = useLoad(
    `nodegroup ${who.region} ${cluster} ${name}`,
    (caller, signal) => shown(caller, cluster, name, signal),
    { cluster, nodegroup: name },
    log.add,
    { onOpen: log.readOn },
  );
  const gone = error?.code === "ResourceNotFoundException";
  const group = gone ? undefined : value?.group;
  const issues = group?.health?.issues ?? [];
  const settled = takesUpdates(group?.status);
  const updating = value?.overview?.activeUpdateId;
  const held = value?.overview?.blockers ?? [];
  const actions = group && (
    <SpaceBetween direction="horizontal" size="xs">
      <Button disabled={group.status === "DELETING"} onClick={() => setDeleting(true)}>
        {say("action.delete")}
      </Button>
      <Button disabled={group.status !== "ACTIVE"} onClick={() => go(to.edit(cluster, name))}>
        {say("action.edit")}
      </Button>
      {updating ? (
        <Button variant="primary" onClick={() => go(to.progress(cluster, name, updating))}>
          {say("action.watch")}
        </Button>
      ) : (
        <Button variant="primary" disabled={!settled} onClick={() => go(to.update(cluster, name))}>
          {say("action.update")}
        </Button>
      )}
    </SpaceBetween>
  );
  return (
    <Frame
      crumbs={[
        { text: cluster, href: to.cluster(cluster) },
        { text: name, href: to.nodegroup(cluster, name) },
      ]}
      header={
        <Header variant="h1" actions={actions} description={group && <Status status={group.status} />}>
          {name}
        </Header>
      }
    >
      {error && <ErrorAlert error={error} retry={gone ? undefined : reload} />}
      {loading && <p role="status">{say("loading")}</p>}
      {group && held.length > 0 && updating && (
        <Alert type="warning" action={<Button onClick={() => go(to.progress(cluster, name, updating))}>{say("action.watch")}</Button>}>
          {say("group.held", { count: held.length })}
        </Alert>
      )}
      {group && !updating && <BlockerCards blockers={held} passed={0} />}
      {group && (
        <Tabs
          tabs={[
            {
              id: "details",
              label: say("tab.details"),
              content: <Details group={group} overview={value?.overview} />,
            },
            {
              id: "health",
              label: (
                <>
                  {say("tab.health")} {issues.length > 0 && <Badge color="red">{issues.length}</Badge>}
                </>
              ),
              content: <Health issues={issues} events={log.events} />,
            },
            { id: "nodes", label: say("tab.nodes"), content: <NodeTable cluster={cluster} nodegroup={name} /> },
            {
              id: "updates",
              label: say("tab.updates"),
              content: <UpdateTable cluster={cluster} nodegroup={name} />,
            },
            { id: "events", label: say("tab.events"), content: <EventList events={log.events} /> },
          ]}
        />
      )}
      {deleting && <Delete cluster={cluster} name={name} onClose={() => setDeleting(false)} />}
    </Frame>
  );
}
