// The nodes of a cluster or of one node group, as the cluster itself shows them.

import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { to } from "../app/route";
import { useWho } from "../app/session";
import type { NyNodeOverview } from "../aws/model.generated";
import { all } from "../aws/operations";
import { useMoment, useSay } from "../strings";
import { ErrorAlert } from "./alerts";
import { useLoad } from "./use-load";

export function NodeTable(props: { cluster: string; nodegroup?: string }) {
  const { cluster, nodegroup } = props;
  const say = useSay();
  const moment = useMoment();
  const who = useWho();
  const { value, error, loading, reload } = useLoad(
    `nodes ${who.region} ${cluster} ${nodegroup ?? ""}`,
    (caller, signal) =>
      all(caller, "ListNodes", { clusterName: cluster, nodegroupName: nodegroup }, (page) => page.nodes, signal),
    { cluster, nodegroup },
  );
  const state = (node: NyNodeOverview) => (
    <>
      {node.ready ? (
        <StatusIndicator type="success">{say("lane.READY")}</StatusIndicator>
      ) : (
        <StatusIndicator type="warning">{node.readyBecause ?? say("nodes.notReady")}</StatusIndicator>
      )}{" "}
      {!node.schedulable && say("nodes.cordoned")}
    </>
  );
  return (
    <>
      {error && <ErrorAlert error={error} retry={reload} />}
      <Table
        items={value ?? []}
        trackBy={(node) => node.nodeName!}
        loading={loading}
        loadingText={say("loading")}
        header={<Header counter={value && `(${value.length})`}>{say("tab.nodes")}</Header>}
        columnDefinitions={[
          { id: "name", header: say("field.name"), cell: (node) => node.nodeName, isRowHeader: true },
          {
            id: "group",
            header: say("field.nodegroup"),
            cell: (node) => <Link href={to.nodegroup(cluster, node.nodegroupName!)}>{node.nodegroupName}</Link>,
          },
          { id: "state", header: say("field.status"), cell: state },
          { id: "instance", header: say("field.instance"), cell: (node) => node.instanceId },
          { id: "type", header: say("field.instanceType"), cell: (node) => node.instanceType ?? "–" },
          { id: "zone", header: say("field.zone"), cell: (node) => node.zone },
          { id: "created", header: say("field.created"), cell: (node) => moment(node.createdAt) },
        ]}
        empty={say("nodes.none")}
      />
    </>
  );
}
