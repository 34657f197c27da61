// Every field of a node group.

import type { ReactNode } from "react";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { to } from "../../app/route";
import type { Nodegroup, NyNodegroupOverview } from "../../aws/model.generated";
import { Facts, type Fact } from "../../parts/facts";
import { useMoment, useSay, type Say } from "../../strings";

export function Details(props: { group: Nodegroup; overview?: NyNodegroupOverview }) {
  const { group, overview } = props;
  const say = useSay();
  const moment = useMoment();
  return (
    <SpaceBetween size="l">
      <Facts title={say("details.version")} facts={versionFacts(group, overview, say, moment)} />
      <Facts title={say("details.scaling")} facts={scalingFacts(group, overview, say)} />
      <Facts title={say("details.network")} facts={networkFacts(group, say)} />
      {group.nodeRepairConfig?.enabled && <Facts title={say("field.repair")} facts={repairFacts(group, say)} />}
      {group.nodeRepairConfig?.nodeRepairConfigOverrides?.length ? <Overrides group={group} /> : null}
      {group.warmPoolConfig?.enabled && <Facts title={say("field.warmPool")} facts={poolFacts(group, say)} />}
      <Pairs title={say("field.labels")} pairs={Object.entries(group.labels ?? {})} />
      <Taints group={group} />
      <Pairs title={say("field.tags")} pairs={Object.entries(group.tags ?? {})} />
    </SpaceBetween>
  );
}

type Moment = (at: number | undefined) => string;

function versionFacts(group: Nodegroup, overview: NyNodegroupOverview | undefined, say: Say, moment: Moment): Fact[] {
  const template = group.launchTemplate;
  const release: ReactNode = overview?.updateAvailable ? (
    <>
      {group.releaseVersion}{" "}
      <Link href={to.update(group.clusterName!, group.nodegroupName!)}>{say("group.updateNow")}</Link>
    </>
  ) : (
    group.releaseVersion
  );
  return [
    [say("field.kubernetesVersion"), group.version],
    [say("field.release"), release],
    [say("field.amiType"), group.amiType],
    [say("field.template"), template && `${[template.name, template.id].filter(Boolean).join(" · ")} (${template.version})`],
    [say("field.created"), moment(group.createdAt)],
    [say("field.modified"), moment(group.modifiedAt)],
    ["ARN", group.nodegroupArn],
    [say("field.nodeRole"), group.nodeRole],
    [say("field.asg"), group.resources?.autoScalingGroups?.map((each) => each.name).join(", ")],
  ];
}

function scalingFacts(group: Nodegroup, overview: NyNodegroupOverview | undefined, say: Say): Fact[] {
  const { scalingConfig: sizes, updateConfig: update, nodeRepairConfig: repair, warmPoolConfig: pool } = group;
  const unavailable = update?.maxUnavailablePercentage ? `${update.maxUnavailablePercentage} %` : update?.maxUnavailable;
  return [
    [say("field.desired"), sizes?.desiredSize],
    [say("field.minimum"), sizes?.minSize],
    [say("field.maximum"), sizes?.maxSize],
    [say("group.ready"), overview?.nodesReady],
    [say("field.instanceTypes"), group.instanceTypes?.join(", ") || say("group.inTemplate")],
    [say("field.capacityType"), group.capacityType],
    [say("field.disk"), group.diskSize ? `${group.diskSize} GiB` : say("group.inTemplate")],
    [say("field.unavailable"), unavailable],
    [say("field.strategy"), update?.updateStrategy ?? "DEFAULT"],
    [say("field.repair"), say(repair?.enabled ? "on" : "off")],
    [say("field.warmPool"), say(pool?.enabled ? "on" : "off")],
  ];
}

function networkFacts(group: Nodegroup, say: Say): Fact[] {
  const remote = group.remoteAccess;
  return [
    [say("field.subnets"), group.subnets?.join(", ")],
    [say("field.sshKey"), remote?.ec2SshKey],
    [say("field.sshFrom"), remote?.sourceSecurityGroups?.join(", ")],
    [say("field.sshGroup"), group.resources?.remoteAccessSecurityGroup],
  ];
}

/** Returns a limit that is a number or a percentage, or what holds where the group has none of its own. */
function limit(count: number | undefined, percentage: number | undefined, usual: string): string {
  if (count) return String(count);
  return percentage ? `${percentage} %` : usual;
}

function repairFacts(group: Nodegroup, say: Say): Fact[] {
  const repair = group.nodeRepairConfig!;
  return [
    [
      say("repair.threshold"),
      // Source: EKS User Guide, node auto repair.
      limit(
        repair.maxUnhealthyNodeThresholdCount,
        repair.maxUnhealthyNodeThresholdPercentage,
        say("repair.thresholdUsual"),
      ),
    ],
    [
      say("repair.parallel"),
      limit(repair.maxParallelNodesRepairedCount, repair.maxParallelNodesRepairedPercentage, "1"),
    ],
  ];
}

function poolFacts(group: Nodegroup, say: Say): Fact[] {
  const pool = group.warmPoolConfig!;
  return [
    [say("pool.least"), pool.minSize ?? 0],
    [say("pool.prepared"), (pool.maxGroupPreparedCapacity ?? -1) < 0 ? say("field.maximum") : pool.maxGroupPreparedCapacity],
    [say("pool.state"), pool.poolState ?? "STOPPED"],
    [say("pool.reuse"), say(pool.reuseOnScaleIn ? "on" : "off")],
  ];
}

function Overrides(props: { group: Nodegroup }) {
  const say = useSay();
  const overrides = props.group.nodeRepairConfig?.nodeRepairConfigOverrides ?? [];
  return (
    <Table
      items={overrides}
      header={<Header counter={`(${overrides.length})`}>{say("repair.overrides")}</Header>}
      columnDefinitions={[
        { id: "condition", header: say("repair.condition"), cell: (each) => each.nodeMonitoringCondition, isRowHeader: true },
        { id: "reason", header: say("repair.reason"), cell: (each) => each.nodeUnhealthyReason },
        { id: "wait", header: say("repair.wait"), cell: (each) => each.minRepairWaitTimeMins },
        { id: "action", header: say("repair.action"), cell: (each) => each.repairAction },
      ]}
    />
  );
}

function Pairs(props: { title: string; pairs: [string, string][] }) {
  const say = useSay();
  if (props.pairs.length === 0)
    return <Container header={<Header variant="h2">{props.title}</Header>}>{say("nothing")}</Container>;
  return (
    <Table
      items={props.pairs}
      header={<Header counter={`(${props.pairs.length})`}>{props.title}</Header>}
      columnDefinitions={[
        { id: "key", header: say("field.key"), cell: ([key]) => key, isRowHeader: true },
        { id: "value", header: say("field.value"), cell: ([, value]) => value },
      ]}
    />
  );
}

function Taints(props: { group: Nodegroup }) {
  const say = useSay();
  const taints = props.group.taints ?? [];
  if (taints.length === 0)
    return <Container header={<Header variant="h2">{say("field.taints")}</Header>}>{say("nothing")}</Container>;
  return (
    <Table
      items={taints}
      header={<Header counter={`(${taints.length})`}>{say("field.taints")}</Header>}
      columnDefinitions={[
        { id: "key", header: say("field.key"), cell: (taint) => taint.key, isRowHeader: true },
        { id: "value", header: say("field.value"), cell: (taint) => taint.value },
        { id: "effect", header: say("field.effect"), cell: (taint) => taint.effect },
      ]}
    />
  );
}
