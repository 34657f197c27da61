// All clusters of the Region, with how many node groups each has and which could be updated.

import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Table from "@cloudscape-design/components/table";
import { Frame } from "../../app/frame";
import { to } from "../../app/route";
import { useSession } from "../../app/session";
import type { Credentials } from "../../aws/client";
import type { Cluster, NyNodegroupOverview } from "../../aws/model.generated";
import { all, call } from "../../aws/operations";
import { ErrorAlert } from "../../parts/alerts";
import { Status } from "../../parts/status";
import { useLoad } from "../../parts/use-load";
import { useMoment, useSay, type Say } from "../../strings";

interface Row {
  cluster: Cluster;
  groups: NyNodegroupOverview[];
}

async function rows(who: Credentials, signal: AbortSignal): Promise<Row[]> {
  const names = await all(who, "ListClusters", { include: ["all"] }, (page) => page.clusters, signal);
  const [clusters, groups] = await Promise.all([
    Promise.all(names.map(async (name) => (await call(who, "DescribeCluster", { name }, signal)).cluster!)),
    all(who, "ListNodegroupOverviews", {}, (page) => page.nodegroups, signal),
  ]);
  return clusters.map((cluster) => ({ cluster, groups: groups.filter((each) => each.clusterName === cluster.name) }));
}

function columns(say: Say, moment: (at: number | undefined) => string) {
  return [
    {
      id: "name",
      header: say("field.name"),
      cell: ({ cluster }: Row) => <Link href={to.cluster(cluster.name!)}>{cluster.name}</Link>,
      isRowHeader: true,
    },
    { id: "status", header: say("field.status"), cell: ({ cluster }: Row) => <Status status={cluster.status} /> },
    { id: "version", header: say("field.kubernetesVersion"), cell: ({ cluster }: Row) => cluster.version },
    { id: "groups", header: say("clusters.groups"), cell: ({ groups }: Row) => groups.length },
    {
      id: "nodes",
      header: say("field.nodesReady"),
      cell: ({ groups }: Row) =>
        `${groups.reduce((sum, each) => sum + (each.nodesReady ?? 0), 0)} / ${groups.reduce((sum, each) => sum + (each.nodesDesired ?? 0), 0)}`,
    },
    {
      id: "updates",
      header: say("clusters.updates"),
      cell: ({ groups }: Row) => groups.filter((each) => each.updateAvailable).length || "–",
    },
    { id: "created", header: say("field.created"), cell: ({ cluster }: Row) => moment(cluster.createdAt) },
  ];
}

export default function Clusters() {
  const say = useSay();
  const moment = useMoment();
  const { who } = useSession();
  const { value, error, loading, reload } = useLoad(`clusters ${who.region}`, rows, {});
  return (
    <Frame crumbs={[]}>
      {error && <ErrorAlert error={error} retry={reload} />}
      <Table
        variant="borderless"
        items={value ?? []}
        trackBy={({ cluster }) => cluster.name!}
        columnDefinitions={columns(say, moment)}
        loading={loading}
        loadingText={say("loading")}
        header={
          <Header variant="h1" counter={value && `(${value.length})`} description={say("clusters.inRegion", { region: who.region })}>
            {say("clusters.title")}
          </Header>
        }
        empty={
          <Box textAlign="center" color="inherit">
            <b>{say("clusters.none")}</b>
            <Box variant="p" color="inherit">
              {say("clusters.noneHow", { region: who.region })}
            </Box>
          </Box>
        }
      />
    </Frame>
  );
}
