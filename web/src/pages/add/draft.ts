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

export function configureFault(draft: Draft): rules.Fault {
  return (
    rules.nodegroupName(draft.name) ??
    rules.roleArn(draft.role) ??
    rules.labels(draft.labels) ??
    rules.taints(draft.taints) ??
    rules.tags(draft.tags) ??
    rules.unavailable(draft.unavailable.kind, draft.unavailable.text)
  );
}

export function computeFault(draft: Draft): rules.Fault {
  const pool = rules.warmPool(draft.pool, draft.amiType, draft.capacityType);
  const types = [...draft.types, ...split(draft.otherTypes)];
  if (types.length > 20) return `At most 20 instance types can be listed, not ${types.length}`;
  // Left over from a template that is not chosen any more.
  if (!draft.template && draft.amiType === "CUSTOM")
    return "Launch template details can't be null for Custom ami type node group";
  if (!draft.template && draft.capacityType === "CAPACITY_BLOCK")
    return (
      "A CAPACITY_BLOCK node group needs a launch template with the market type capacity-block, " +
      "the id of the capacity reservation and its instance type"
    );
  return (draft.template ? undefined : rules.disk(draft.disk)) ?? rules.sizes(draft.sizes, false) ?? pool;
}

export function networkFault(draft: Draft): rules.Fault {
  return draft.subnets.length === 0 ? "At least one subnet must be specified" : undefined;
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
