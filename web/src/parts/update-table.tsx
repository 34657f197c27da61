// The updates of a cluster or of one node group, newest first.

import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Table from "@cloudscape-design/components/table";
import { to } from "../app/route";
import { useWho } from "../app/session";
import { all } from "../aws/operations";
import type { NyUpdateOverview } from "../aws/model.generated";
import { useMoment, useSay } from "../strings";
import { ErrorAlert } from "./alerts";
import { Status } from "./status";
import { useLoad } from "./use-load";

export function UpdateTable(props: { cluster: string; nodegroup?: string }) {
  const { cluster, nodegroup } = props;
  const say = useSay();
  const moment = useMoment();
  const who = useWho();
  const { value, error, loading, reload } = useLoad(
    `updates ${who.region} ${cluster} ${nodegroup ?? ""}`,
    (caller, signal) =>
      all(
        caller,
        "ListUpdateOverviews",
        { clusterName: cluster, nodegroupName: nodegroup },
        (page) => page.updates,
        signal,
      ),
    { cluster, nodegroup },
    (event) => event.kind?.startsWith("Update") ?? false,
  );
  const newest = [...(value ?? [])].sort((one, other) => (other.createdAt ?? 0) - (one.createdAt ?? 0));
  const link = (update: NyUpdateOverview) =>
    update.nodegroupName ? (
      <Link href={to.progress(cluster, update.nodegroupName, update.id!)}>{update.id}</Link>
    ) : (
      update.id
    );
  const aim = ({ releaseVersion, launchTemplate }: NyUpdateOverview) =>
    [releaseVersion ?? "–", launchTemplate && `${launchTemplate.name} (${launchTemplate.version})`].filter(Boolean).join(" · ");
  return (
    <>
      {error && <ErrorAlert error={error} retry={reload} />}
      <Table
        items={newest}
        trackBy={(update) => update.id!}
        loading={loading}
        loadingText={say("loading")}
        wrapLines
        header={<Header counter={value && `(${value.length})`}>{say("tab.updates")}</Header>}
        columnDefinitions={[
          { id: "id", header: say("update.id"), cell: link, isRowHeader: true, minWidth: 180 },
          { id: "group", header: say("field.nodegroup"), cell: (update) => update.nodegroupName ?? "–" },
          { id: "type", header: say("update.type"), cell: (update) => update.type },
          { id: "status", header: say("field.status"), cell: (update) => <Status status={update.status} /> },
          { id: "release", header: say("field.release"), cell: aim },
          { id: "began", header: say("update.began"), cell: (update) => moment(update.createdAt), minWidth: 130 },
          { id: "ended", header: say("update.ended"), cell: (update) => moment(update.finishedAt), minWidth: 130 },
        ]}
        empty={say("update.none")}
      />
    </>
  );
}
