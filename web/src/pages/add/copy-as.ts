// The same node group for other tools: the aws CLI, boto3, Terraform and eksctl.

import type { Inputs, Taint } from "../../aws/model.generated";

export type Tool = "aws CLI" | "boto3" | "Terraform" | "eksctl";
type Request = Inputs["CreateNodegroup"];

export function written(tool: Tool, request: Request, region: string): string {
  return { "aws CLI": cli, boto3, Terraform: terraform, eksctl }[tool](request, region);
}

const clean = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;
const shell = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const flag = (member: string): string => `--${member.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function cli(request: Request, region: string): string {
  const flags = Object.entries(clean(request)).map(([member, value]) => {
    if (Array.isArray(value) && value.every((each) => typeof each === "string"))
      return `${flag(member)} ${value.map(shell).join(" ")}`;
    return `${flag(member)} ${shell(typeof value === "object" ? JSON.stringify(value) : String(value))}`;
  });
  return ["aws eks create-nodegroup", `--region ${region}`, ...flags].join(" \\\n  ");
}

function boto3(request: Request, region: string): string {
  const members = Object.entries(clean(request)).map(([name, value]) => `    ${name}=${python(value)},`);
  return [
    "import boto3",
    "",
    `eks = boto3.client("eks", region_name=${JSON.stringify(region)})`,
    "eks.create_nodegroup(",
    ...members,
    ")",
  ].join("\n");
}

function python(value: unknown): string {
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${python(each)}`).join(", ")}}`;
  return JSON.stringify(value);
}

/** Returns what to do about choices that neither Terraform's provider nor eksctl has a word for, as comments. */
function unsaid(request: Request, region: string): string {
  const { clusterName, nodegroupName, updateConfig: update, warmPoolConfig: pool } = request;
  const names = `--cluster-name ${shell(clusterName)} --nodegroup-name ${shell(nodegroupName)}`;
  const later = (what: string, member: string, config: object) => [
    `# Nothing here says ${what}. Once the node group is there:`,
    `# aws eks update-nodegroup-config --region ${region} ${names} ${flag(member)} '${JSON.stringify(clean(config))}'`,
  ];
  return [
    ...(update?.updateStrategy === "MINIMAL" ? later("updateStrategy MINIMAL", "updateConfig", update) : []),
    ...(pool ? later("warmPoolConfig", "warmPoolConfig", pool) : []),
  ]
    .map((line) => `${line}\n`)
    .join("");
}

type Arguments = Record<string, string | undefined>;

/** Returns arguments with their equals signs below each other, as `terraform fmt` writes them. */
function lined(args: Arguments, indent: string): string[] {
  const given = Object.entries(args).filter((each): each is [string, string] => each[1] !== undefined);
  const width = Math.max(...given.map(([name]) => [...name].length));
  return given.map(([name, value]) => `${indent}${name}${" ".repeat(width - [...name].length)} = ${value}`);
}

function terraform(request: Request, region: string): string {
  // A replacement text would take the dollar signs for its own.
  const quoted = (text: string) => JSON.stringify(text).replaceAll(/[$%](?=\{)/g, (sign) => sign + sign);
  const list = (items: string[] | undefined) => items && `[${items.map(quoted).join(", ")}]`;
  const plain = (value: string | number | boolean | undefined) => value?.toString();
  const text = (value: string | undefined) => (value === undefined ? undefined : quoted(value));
  const map = (name: string, items: Record<string, string> | undefined) => {
    if (!items || Object.keys(items).length === 0) return [];
    const pairs = Object.entries(items).map(([key, value]) => [quoted(key), quoted(value)]);
    return [`  ${name} = {`, ...lined(Object.fromEntries(pairs) as Arguments, "    "), "  }"];
  };
  const block = (name: string, args: Arguments | undefined) =>
    args ? ["", `  ${name} {`, ...lined(args, "    "), "  }"] : [];
  const { scalingConfig: sizes, updateConfig: update, launchTemplate: template, remoteAccess: remote } = request;
  const lines = [
    `resource "aws_eks_node_group" ${quoted(identifier(request.nodegroupName))} {`,
    ...lined(
      {
        cluster_name: quoted(request.clusterName),
        node_group_name: quoted(request.nodegroupName),
        node_role_arn: quoted(request.nodeRole),
        subnet_ids: list(request.subnets),
        ami_type: text(request.amiType),
        capacity_type: text(request.capacityType),
        instance_types: list(request.instanceTypes),
        disk_size: plain(request.diskSize),
      },
      "  ",
    ),
    ...map("labels", request.labels),
    ...map("tags", request.tags),
    ...block("scaling_config", {
      min_size: plain(sizes?.minSize),
      max_size: plain(sizes?.maxSize),
      desired_size: plain(sizes?.desiredSize),
    }),
    ...block(
      "update_config",
      update && {
        max_unavailable: plain(update.maxUnavailable),
        max_unavailable_percentage: plain(update.maxUnavailablePercentage),
      },
    ),
    ...block("node_repair_config", request.nodeRepairConfig && { enabled: plain(request.nodeRepairConfig.enabled) }),
    ...block("launch_template", template && { id: text(template.id), version: quoted(template.version ?? "$Default") }),
    ...block(
      "remote_access",
      remote && { ec2_ssh_key: text(remote.ec2SshKey), source_security_group_ids: list(remote.sourceSecurityGroups) },
    ),
    ...(request.taints ?? []).flatMap(({ key, value, effect }: Taint) =>
      block("taint", { key: text(key), value: text(value || undefined), effect: text(effect) }),
    ),
    "}",
  ];
  return `${unsaid(request, region)}${lines.join("\n")}\n`;
}

/** Returns a name that Terraform takes for a resource. Source: Terraform language, identifiers. */
function identifier(name: string): string {
  const made = name.replaceAll(/[^A-Za-z0-9_-]/g, "_");
  return /^[A-Za-z_]/.test(made) ? made : `_${made}`;
}

const EKSCTL_EFFECTS: Record<string, string> = {
  NO_SCHEDULE: "NoSchedule",
  NO_EXECUTE: "NoExecute",
  PREFER_NO_SCHEDULE: "PreferNoSchedule",
};

/**
 * Returns eksctl's word for the operating system, undefined where it has none; processor and accelerator it takes
 * from the instance types. Source: eksctl 0.215 ClusterConfig schema, amiFamily.
 */
function amiFamily(amiType: string): string | undefined {
  const windows = /^WINDOWS_(CORE|FULL)_(2019|2022)_/.exec(amiType);
  if (windows) return `WindowsServer${windows[2]}${windows[1] === "CORE" ? "Core" : "Full"}Container`;
  if (amiType.startsWith("BOTTLEROCKET") && !amiType.includes("FIPS")) return "Bottlerocket";
  if (amiType.startsWith("AL2023")) return "AmazonLinux2023";
  return amiType.startsWith("AL2_") ? "AmazonLinux2" : undefined;
}

/** JSON is YAML too, so eksctl reads it. Source: eksctl ClusterConfig schema, managedNodeGroups. */
function eksctl(request: Request, region: string): string {
  const family = request.amiType && request.amiType !== "CUSTOM" ? amiFamily(request.amiType) : undefined;
  // eksctl would take its own default for the one and refuse the other.
  const others = "Use the aws CLI or Terraform for this node group.";
  if (request.amiType && request.amiType !== "CUSTOM" && family === undefined)
    return `# eksctl has no amiFamily for the AMI type ${request.amiType}. ${others}\n`;
  if (/[^A-Za-z0-9-]/.test(request.nodegroupName))
    return `# eksctl takes only letters, digits and hyphens in a name, not ${request.nodegroupName}. ${others}\n`;
  const { scalingConfig: sizes, updateConfig: update, launchTemplate: template, remoteAccess: remote } = request;
  const group = {
    name: request.nodegroupName,
    amiFamily: family,
    iam: { instanceRoleARN: request.nodeRole },
    subnets: request.subnets,
    minSize: sizes?.minSize,
    maxSize: sizes?.maxSize,
    desiredCapacity: sizes?.desiredSize,
    instanceTypes: request.instanceTypes,
    spot: request.capacityType === "SPOT" || undefined,
    volumeSize: request.diskSize,
    labels: request.labels,
    tags: request.tags,
    taints: request.taints?.map((taint) => ({ ...taint, effect: EKSCTL_EFFECTS[taint.effect!] })),
    launchTemplate: template && { id: template.id, version: template.version },
    updateConfig: update && {
      maxUnavailable: update.maxUnavailable,
      maxUnavailablePercentage: update.maxUnavailablePercentage,
    },
    nodeRepairConfig: request.nodeRepairConfig,
    ssh: remote && { allow: true, publicKeyName: remote.ec2SshKey, sourceSecurityGroupIds: remote.sourceSecurityGroups },
  };
  const config = {
    apiVersion: "eksctl.io/v1alpha5",
    kind: "ClusterConfig",
    metadata: { name: request.clusterName, region },
    managedNodeGroups: [group],
  };
  return `# eksctl create nodegroup --config-file=nodegroup.yaml\n${unsaid(request, region)}${JSON.stringify(clean(config), null, 2)}`;
}
