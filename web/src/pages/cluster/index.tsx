// One cluster: its node groups with what could be updated, its updates, and what it is.

import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Tabs from "@cloudscape-design/components/tabs";
import { Frame } from "../../app/frame";
import { go, to } from "../../app/route";
import { useWho } from "../../app/session";
import type { Credentials } from "../../aws/client";
import type { Cluster, Nodegroup, NyNodegroupOverview } from "../../aws/model.generated";
import { all, call } from "../../aws/operations";
import { ErrorAlert } from "../../parts/alerts";
import { EventList, useEventLog } from "../../parts/event-list";
import { Facts } from "../../parts/facts";
import { NodeTable } from "../../parts/node-table";
import { Status } from "../../parts/status";
import { UpdateTable } from "../../parts/update-table";
import { useLoad } from "../../parts/use-load";
import { useMoment, useSay, useTell } from "../../strings";
import { GroupTable } from "./group-table";
import { WorkloadTable } from "./workload-table";

export interface Group {
  group: Nodegroup;
  overview: NyNodegroupOverview;
}

interface Shown {
  cluster: Cluster;
  groups: Group[];
}

async function shown(who: Credentials, name: string, signal: AbortSignal): Promise<Shown> {
  const [{ cluster }, overviews] = await Promise.all([
    call(who, "DescribeCluster", { name }, signal),
    all(who, "ListNodegroupOverviews", { clusterName: name }, (page) => page.nodegroups, signal),
  ]);
  const groups = await Promise.all(
    overviews.map(async (overview) => {
      const input = { clusterName: name, nodegroupName: overview.nodegroupName! };
      const { nodegroup } = await call(who, "DescribeNodegroup", input, signal);
      return { group: nodegroup!, overview };
    }),
  );
  return { cluster: cluster!, groups };
}

export default function ClusterPage(props: { name: string }) {
  const { name } = props;
  const say = useSay();
  const tell = useTell();
  const who = useWho();
  const log = useEventLog({ clusterName: name });
  const { value, error, loading, reload } = useLoad(
    `cluster ${who.region} ${name}`,
    (caller, signal) => shown(caller, name, signal),
    { cluster: name },
    log.add,
    { onOpen: log.readOn },
  );
  const outdated = value?.groups.filter((each) => each.overview.updateAvailable && !each.overview.activeUpdateId) ?? [];
  const active = value?.cluster.status === "ACTIVE";
  return (
    <Frame
      crumbs={[{ text: name, href: to.cluster(name) }]}
      header={
        <Header
          variant="h1"
          actions={
            <Button variant="primary" disabled={!active} onClick={() => go(to.add(name))}>
              {say("action.add")}
            </Button>
          }
        >
          {name}
        </Header>
      }
    >
      {error && <ErrorAlert error={error} retry={reload} />}
      {outdated.length > 0 && (
        <Alert type="info" header={say("cluster.outdated", { count: outdated.length })}>
          {outdated.map(({ overview }) => `${overview.nodegroupName}: ${tell(overview.updateAvailableBecause)}`).join(" · ")}
        </Alert>
      )}
      <Tabs
        tabs={[
          {
            id: "compute",
            label: say("tab.compute"),
            content: <GroupTable cluster={name} groups={value?.groups} loading={loading} />,
          },
          { id: "nodes", label: say("tab.nodes"), content: <NodeTable cluster={name} /> },
          { id: "workloads", label: say("tab.workloads"), content: <WorkloadTable cluster={name} /> },
          { id: "updates", label: say("tab.updates"), content: <UpdateTable cluster={name} /> },
          { id: "events", label: say("tab.events"), content: <EventList events={log.events} /> },
          { id: "details", label: say("tab.details"), content: value && <Details cluster={value.cluster} /> },
        ]}
      />
    </Frame>
  );
}

function Details(props: { cluster: Cluster }) {
  const { cluster } = props;
  const say = useSay();
  const moment = useMoment();
  const network = cluster.resourcesVpcConfig;
  return (
    <Facts
      title={say("tab.details")}
      facts={[
        [say("field.status"), <Status status={cluster.status} />],
        [say("field.kubernetesVersion"), cluster.version],
        [say("field.platformVersion"), cluster.platformVersion],
        [say("field.created"), moment(cluster.createdAt)],
        ["ARN", cluster.arn],
        [say("field.endpoint"), cluster.endpoint],
        [say("field.clusterRole"), cluster.roleArn],
        ["VPC", network?.vpcId],
        [say("field.subnets"), network?.subnetIds?.join(", ")],
        [say("field.clusterSecurityGroup"), network?.clusterSecurityGroupId],
      ]}
    />
  );
}
