// The instances of a node group, as its Auto Scaling group has them.

import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import { useWho } from "../../app/session";
import type { Nodegroup } from "../../aws/model.generated";
import { members } from "../../aws/query";
import { ErrorAlert } from "../../parts/alerts";
import { useLoad } from "../../parts/use-load";
import { useSay } from "../../strings";

export function Nodes(props: { group: Nodegroup }) {
  const { group } = props;
  const say = useSay();
  const who = useWho();
  const names = group.resources?.autoScalingGroups?.map((each) => each.name!) ?? [];
  const { value, error, loading, reload } = useLoad(
    `nodes ${who.region} ${names.join()}`,
    (caller, signal) => members(caller, names, signal),
    { cluster: group.clusterName, nodegroup: group.nodegroupName },
  );
  return (
    <>
      {error && <ErrorAlert error={error} retry={reload} />}
      <Table
        items={value ?? []}
        trackBy={(node) => node.instance}
        loading={loading}
        loadingText={say("loading")}
        header={<Header counter={value && `(${value.length})`}>{say("tab.nodes")}</Header>}
        columnDefinitions={[
          { id: "instance", header: say("field.instance"), cell: (node) => node.instance, isRowHeader: true },
          { id: "type", header: say("field.instanceType"), cell: (node) => node.type },
          { id: "zone", header: say("field.zone"), cell: (node) => node.zone },
          { id: "state", header: say("field.lifecycle"), cell: (node) => node.lifecycle },
          { id: "health", header: say("field.health"), cell: (node) => node.health },
        ]}
        empty={say("nodes.none")}
      />
    </>
  );
}
