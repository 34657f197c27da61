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

function terraform(request: Request): string {
  const quoted = (text: string) => JSON.stringify(text).replaceAll("${", "$${").replaceAll("%{", "%%{");
  const list = (items: string[]) => `[${items.map(quoted).join(", ")}]`;
  const map = (items: Record<string, string>) =>
    ["{", ...Object.entries(items).map(([key, value]) => `    ${quoted(key)} = ${quoted(value)}`), "  }"].join("\n");
  const { scalingConfig: sizes, updateConfig: update, launchTemplate: template, remoteAccess: remote } = request;
  const lines = [
    `resource "aws_eks_node_group" ${quoted(request.nodegroupName.replaceAll(/[^A-Za-z0-9_-]/g, "_"))} {`,
    `  cluster_name    = ${quoted(request.clusterName)}`,
    `  node_group_name = ${quoted(request.nodegroupName)}`,
    `  node_role_arn   = ${quoted(request.nodeRole)}`,
    `  subnet_ids      = ${list(request.subnets)}`,
    request.amiType ? `  ami_type        = ${quoted(request.amiType)}` : "",
    request.capacityType ? `  capacity_type   = ${quoted(request.capacityType)}` : "",
    request.instanceTypes ? `  instance_types  = ${list(request.instanceTypes)}` : "",
    request.diskSize ? `  disk_size       = ${request.diskSize}` : "",
    request.labels ? `  labels = ${map(request.labels)}` : "",
    request.tags ? `  tags = ${map(request.tags)}` : "",
    block("scaling_config", [
      `min_size     = ${sizes?.minSize}`,
      `max_size     = ${sizes?.maxSize}`,
      `desired_size = ${sizes?.desiredSize}`,
    ]),
    block("update_config", [
      update?.maxUnavailable
        ? `max_unavailable = ${update.maxUnavailable}`
        : `max_unavailable_percentage = ${update?.maxUnavailablePercentage}`,
      update?.updateStrategy ? `update_strategy = ${quoted(update.updateStrategy)}` : "",
    ]),
    request.nodeRepairConfig ? block("node_repair_config", ["enabled = true"]) : "",
    template ? block("launch_template", [`id      = ${quoted(template.id!)}`, `version = ${quoted(template.version ?? "$Default")}`]) : "",
    remote
      ? block("remote_access", [
          `ec2_ssh_key = ${quoted(remote.ec2SshKey!)}`,
          remote.sourceSecurityGroups ? `source_security_group_ids = ${list(remote.sourceSecurityGroups)}` : "",
        ])
      : "",
    ...(request.taints ?? []).map((taint: Taint) =>
      block("taint", [
        `key    = ${quoted(taint.key!)}`,
        taint.value ? `value  = ${quoted(taint.value)}` : "",
        `effect = ${quoted(taint.effect!)}`,
      ]),
    ),
    "}",
  ];
  return lines.filter(Boolean).join("\n");
}

function block(name: string, lines: string[]): string {
  return [`  ${name} {`, ...lines.filter(Boolean).map((line) => `    ${line}`), "  }"].join("\n");
}

const EKSCTL_EFFECTS: Record<string, string> = {
  NO_SCHEDULE: "NoSchedule",
  NO_EXECUTE: "NoExecute",
  PREFER_NO_SCHEDULE: "PreferNoSchedule",
};

/** Returns eksctl's word for the operating system; processor and accelerator it takes from the instance types. */
function amiFamily(amiType: string | undefined): string | undefined {
  const windows = /^WINDOWS_(CORE|FULL)_(\d+)/.exec(amiType ?? "");
  if (windows) return `WindowsServer${windows[2]}${windows[1] === "CORE" ? "Core" : "Full"}Container`;
  if (amiType?.startsWith("BOTTLEROCKET")) return amiType.includes("FIPS") ? "BottlerocketFips" : "Bottlerocket";
  if (amiType?.startsWith("AL2023")) return "AmazonLinux2023";
  return amiType?.startsWith("AL2") ? "AmazonLinux2" : undefined;
}

/** JSON is YAML too, so eksctl reads it. Source: eksctl ClusterConfig schema, managedNodeGroups. */
function eksctl(request: Request, region: string): string {
  const { scalingConfig: sizes, updateConfig: update, launchTemplate: template, remoteAccess: remote } = request;
  const group = {
    name: request.nodegroupName,
    amiFamily: amiFamily(request.amiType),
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
  return `# eksctl create nodegroup --config-file=nodegroup.yaml\n${JSON.stringify(clean(config), null, 2)}`;
}
