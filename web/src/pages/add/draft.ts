// What one has filled in so far, its faults step by step, and the request that it becomes.

import type { Inputs, Taint } from "../../aws/model.generated";
import { asMap } from "../../parts/pairs";
import { asConfig, NO_POOL } from "../../parts/pool";
import * as rules from "../../parts/rules";
import type { Unavailable } from "../../parts/size-fields";

export interface Draft {
  name: string;
  role: string;
  template: string;
  templateVersion: string;
  labels: rules.Pair[];
  taints: Taint[];
  tags: rules.Pair[];
  unavailable: Unavailable;
  strategy: string;
  repair: boolean;
  amiType: string;
  capacityType: string;
  types: string[];
  otherTypes: string;
  disk: string;
  sizes: rules.Sizes;
  pool: rules.Pool;
  subnets: string[];
  sshKey: string;
  sshFrom: string;
}

/** Returns an empty draft with the defaults of the API. Source: EKS API, CreateNodegroup. */
export function emptyDraft(amiType: string, subnets: string[]): Draft {
  return {
    name: "",
    role: "",
    template: "",
    templateVersion: "",
    labels: [],
    taints: [],
    tags: [],
    unavailable: { kind: "number", text: "1" },
    strategy: "DEFAULT",
    repair: false,
    amiType,
    capacityType: "ON_DEMAND",
    types: [],
    otherTypes: "",
    disk: "20",
    sizes: { minimum: "1", desired: "2", maximum: "2" },
    pool: NO_POOL,
    subnets,
    sshKey: "",
    sshFrom: "",
  };
}

export const split = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

export type Member = keyof Inputs["ValidateNodegroup"];
export type Faults = Partial<Record<Member, string>>;

/** The members of the request by the step that asks for them. The cluster: what is wrong with it is told at once. */
export const STEPS: readonly (readonly Member[])[] = [
  ["clusterName", "nodegroupName", "nodeRole", "launchTemplate", "labels", "taints", "tags", "updateConfig", "nodeRepairConfig"],
  ["amiType", "version", "releaseVersion", "capacityType", "instanceTypes", "diskSize", "scalingConfig", "warmPoolConfig"],
  ["subnets", "remoteAccess"],
];

/** Returns what is wrong with the form of what was typed. The rest of the rules needs the service: `validation`. */
export function typedFaults(draft: Draft): Faults {
  const found: Record<string, rules.Fault> = {
    nodegroupName: rules.nodegroupName(draft.name),
    nodeRole: rules.roleArn(draft.role),
    labels: rules.labels(draft.labels),
    taints: rules.taints(draft.taints),
    tags: rules.tags(draft.tags),
    updateConfig: rules.unavailable(draft.unavailable.kind, draft.unavailable.text),
    diskSize: draft.template ? undefined : rules.disk(draft.disk),
    scalingConfig: rules.sizes(draft.sizes, false),
    warmPoolConfig: rules.warmPool(draft.pool, draft.amiType, draft.capacityType),
    subnets: draft.subnets.length === 0 ? "At least one subnet must be specified" : undefined,
  };
  return Object.fromEntries(Object.entries(found).filter(([, fault]) => fault));
}

/** Returns the request without what is wrong already, so that the service can judge the rest. */
export function judgeable(cluster: string, draft: Draft, wrong: Faults): Inputs["ValidateNodegroup"] {
  const whole = Object.entries(request(cluster, draft));
  return Object.fromEntries(whole.filter(([member]) => !(member in wrong))) as Inputs["ValidateNodegroup"];
}

/** Returns the request; what was left at nothing is not in it. */
export function request(cluster: string, draft: Draft): Inputs["CreateNodegroup"] {
  const types = [...draft.types, ...split(draft.otherTypes)];
  const count = Number(draft.unavailable.text);
  const share = draft.unavailable.kind === "number" ? { maxUnavailable: count } : { maxUnavailablePercentage: count };
  const groups = split(draft.sshFrom);
  return {
    clusterName: cluster,
    nodegroupName: draft.name,
    nodeRole: draft.role,
    subnets: draft.subnets,
    scalingConfig: {
      minSize: Number(draft.sizes.minimum),
      maxSize: Number(draft.sizes.maximum),
      desiredSize: Number(draft.sizes.desired),
    },
    amiType: draft.template && draft.amiType === "CUSTOM" ? undefined : draft.amiType,
    capacityType: draft.capacityType,
    instanceTypes: types.length ? types : undefined,
    diskSize: draft.template ? undefined : Number(draft.disk),
    launchTemplate: draft.template ? { id: draft.template, version: draft.templateVersion || undefined } : undefined,
    labels: draft.labels.length ? asMap(draft.labels) : undefined,
    taints: draft.taints.length ? draft.taints : undefined,
    tags: draft.tags.length ? asMap(draft.tags) : undefined,
    updateConfig: draft.strategy === "DEFAULT" ? share : { ...share, updateStrategy: draft.strategy },
    warmPoolConfig: draft.pool.on ? asConfig(draft.pool) : undefined,
    nodeRepairConfig: draft.repair ? { enabled: true } : undefined,
    remoteAccess:
      draft.sshKey && !draft.template
        ? { ec2SshKey: draft.sshKey, sourceSecurityGroups: groups.length ? groups : undefined }
        : undefined,
  };
}
