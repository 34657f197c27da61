// The node groups of a cluster, as the Compute tab lists them. Source: EKS console, Compute tab.

import { Fragment } from "react";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { go, to } from "../../app/route";
import type { Nodegroup } from "../../aws/model.generated";
import { Status, takesUpdates } from "../../parts/status";
import { useSay, type Say } from "../../strings";
import type { Group } from ".";

function columns(cluster: string, say: Say) {
  return [
    {
      id: "name",
      header: say("field.nodegroupName"),
      isRowHeader: true,
      cell: ({ group }: Group) => (
        <Link href={to.nodegroup(cluster, group.nodegroupName!)}>{group.nodegroupName}</Link>
      ),
    },
    {
      id: "status",
      header: say("field.status"),
      cell: ({ group, overview }: Group) => (
        <SpaceBetween size="xxs">
          {overview.activeUpdateId ? (
            <Link href={to.progress(cluster, group.nodegroupName!, overview.activeUpdateId)}>{group.status}</Link>
          ) : (
            <Status status={group.status} />
          )}
          {overview.blockers?.length ? (
            <Box color="text-status-warning">{say("group.held", { count: overview.blockers.length })}</Box>
          ) : null}
        </SpaceBetween>
      ),
    },
    { id: "version", header: say("field.kubernetesVersion"), cell: ({ group }: Group) => group.version ?? "–" },
    {
      id: "release",
      header: say("field.release"),
      cell: ({ group, overview }: Group) => (
        <SpaceBetween size="xxs">
          <span>{group.releaseVersion}</span>
          {overview.updateAvailable && takesUpdates(group.status) && (
            <Link
              href={to.update(cluster, group.nodegroupName!)}
              ariaLabel={say("group.updateNowOf", { name: group.nodegroupName! })}
            >
              {say("group.updateNow")}
            </Link>
          )}
        </SpaceBetween>
      ),
    },
    {
      id: "template",
      header: say("field.template"),
      cell: ({ group }: Group) => (group.launchTemplate ? <Template cluster={cluster} group={group} /> : "–"),
    },
    {
      id: "sizes",
      header: say("group.sizes"),
      cell: ({ group: { scalingConfig: sizes } }: Group) =>
        `${sizes?.desiredSize} / ${sizes?.minSize} / ${sizes?.maxSize}`,
    },
    {
      id: "nodes",
      header: say("group.ready"),
      cell: ({ overview: { nodesReady, nodesDesired = 0 } }: Group) =>
        nodesReady !== undefined && nodesReady < nodesDesired ? (
          <StatusIndicator type="warning">{nodesReady}</StatusIndicator>
        ) : (
          (nodesReady ?? "–")
        ),
    },
    {
      id: "types",
      header: say("field.instanceTypes"),
      cell: ({ group }: Group) => group.instanceTypes?.join(", ") || say("group.inTemplate"),
    },
    {
      id: "health",
      header: say("field.health"),
      cell: ({ overview }: Group) =>
        overview.issueCodes?.length ? (
          <StatusIndicator type="warning"><Codes codes={overview.issueCodes} /></StatusIndicator>
        ) : (
          <StatusIndicator type="success" wrapText={false}>
            {say("health.none")}
          </StatusIndicator>
        ),
    },
  ];
}

/** Codes that a narrow column breaks between their words. */
function Codes(props: { codes: string[] }) {
  return props.codes.join(", ").split(/(?<=[a-z])(?=[A-Z])/).map((word, place) => (
    <Fragment key={place}>
      {place > 0 && <wbr />}
      {word}
    </Fragment>
  ));
}

const COLUMNS = ["name", "status", "version", "release", "template", "sizes", "nodes", "types", "health"];

/** Returns the columns that say something: that of launch templates only where a group has one. */
function visible(groups: Group[] = []): string[] {
  const templated = groups.some(({ group }) => group.launchTemplate);
  return COLUMNS.filter((each) => templated || each !== "template");
}

function Template(props: { cluster: string; group: Nodegroup }) {
  const { cluster, group } = props;
  const say = useSay();
  return (
    <SpaceBetween size="xxs">
      <span>
        {group.launchTemplate?.name} ({group.launchTemplate?.version})
      </span>
      {takesUpdates(group.status) && (
        <Link
          href={to.update(cluster, group.nodegroupName!)}
          ariaLabel={say("group.changeVersionOf", { name: group.nodegroupName! })}
        >
          {say("group.changeVersion")}
        </Link>
      )}
    </SpaceBetween>
  );
}

export function GroupTable(props: { cluster: string; groups?: Group[]; loading: boolean }) {
  const { cluster, groups, loading } = props;
  const say = useSay();
  return (
    <Table
      items={groups ?? []}
      trackBy={({ group }) => group.nodegroupName!}
      columnDefinitions={columns(cluster, say)}
      visibleColumns={visible(groups)}
      loading={loading}
      loadingText={say("loading")}
      wrapLines
      header={<Header counter={groups && `(${groups.length})`}>{say("clusters.groups")}</Header>}
      empty={
        <Box textAlign="center" color="inherit">
          <SpaceBetween size="s">
            <b>{say("group.none")}</b>
            <Button onClick={() => go(to.add(cluster))}>{say("action.add")}</Button>
          </SpaceBetween>
        </Box>
      }
    />
  );
}
