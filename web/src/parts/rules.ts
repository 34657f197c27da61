// The rules of the API for what one types, in its own words. The service judges again; this saves the way there.
// Source: `planner/admission` of the service, which these follow.

import type { Taint } from "../aws/model.generated";

export type Fault = string | undefined;
export type Pair = { key: string; value: string };

const LISTED_MAX = 50;
const SHOWN_MAX = 256;
const ROLE_NAME_MAX = 64;
const NODES_MAX = 450;

const NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const DNS = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const WORDS =
  "field must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const GROUP_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;
const ROLE = /^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[A-Za-z0-9_+=,.@/-]*[A-Za-z0-9_+=,.@-]$/;
const RESERVED = ["kubernetes.io", "k8s.io"];
const ALLOWED = ["kubelet.kubernetes.io", "node.kubernetes.io"];
const WELL_KNOWN = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "kubernetes.io/instance-type",
  "beta.kubernetes.io/instance-type",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
  "node.kubernetes.io/instance-type",
]);
const UPDATES_PUT: Taint = { key: "eks.amazonaws.com/nodegroup", value: "unschedulable", effect: "NO_SCHEDULE" };
export const EFFECTS = ["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"];

export function nodegroupName(text: string): Fault {
  if (text.length > 63) return `The nodegroup name must have at most 63 characters; this one has ${text.length}.`;
  if (!GROUP_NAME.test(text))
    return (
      "The nodegroup name parameter contains invalid characters. It should begin with letter or digit " +
      "and can have any of the following characters: letters, digits, hyphens and underscores."
    );
  if (!NAME.test(text))
    return `The nodegroup name ${text} must end with a letter or digit: it becomes a label of the nodes.`;
  return undefined;
}

export function roleArn(text: string): Fault {
  const name = text.slice(text.lastIndexOf("/") + 1);
  return ROLE.test(text) && name.length <= ROLE_NAME_MAX ? undefined : `Invalid Role Arn: '${text}'`;
}

function qualified(text: string): Fault {
  const slash = text.lastIndexOf("/");
  const prefix = text.slice(0, Math.max(0, slash));
  if (slash >= 0 && (prefix.length > 253 || !DNS.test(prefix)))
    return `Invalid value: ${text} : prefix part must be a DNS subdomain of at most 253 characters`;
  return NAME.test(text.slice(slash + 1)) ? undefined : `Invalid value: ${text} : ${WORDS}`;
}

function value(text: string): Fault {
  return text === "" || NAME.test(text) ? undefined : `Invalid value: ${text} : ${WORDS}`;
}

const within = (prefix: string, domains: string[]) =>
  domains.some((domain) => prefix === domain || prefix.endsWith(`.${domain}`));

function reserved(key: string): Fault {
  const prefix = key.slice(0, Math.max(0, key.lastIndexOf("/")));
  const refused = `Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]: ${key}`;
  if (within(prefix, ["eks.amazonaws.com"])) return refused;
  if (!within(prefix, RESERVED) || WELL_KNOWN.has(key)) return undefined;
  return within(prefix, ALLOWED) || prefix === "node-role.kubernetes.io" ? undefined : refused;
}

/** Says that a value breaks a constraint of the API's model, as the service says it. */
function broken(shown: string | number, member: string, constraint: string): string {
  const text = String(shown);
  const cut = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
  return `1 validation error detected: Value '${cut}' at '${member}' failed to satisfy constraint: ${constraint}`;
}

/** The least and the greatest length, or value. */
type Range = [least: number | undefined, most: number];

function constraints([least, most]: Range, what: "length" | "value"): string[] {
  const words = [`Member must have ${what} less than or equal to ${most}`];
  if (least !== undefined) words.push(`Member must have ${what} greater than or equal to ${least}`);
  return words;
}

/** Judges the length of a text, or the value of a number. */
function ranged(shown: string | number, size: number, member: string, range: Range): Fault {
  const what = typeof shown === "string" ? "length" : "value";
  const [above, below] = constraints(range, what);
  if (size > range[1]) return broken(shown, member, above);
  return size < (range[0] ?? 0) ? broken(shown, member, below) : undefined;
}

const written = (pairs: Pair[]) => `{${pairs.map((each) => `${each.key}=${each.value}`).join(", ")}}`;

/** Judges what becomes a map: how long keys and values are, and that none is there twice. */
function mapped(pairs: Pair[], member: string, one: string, keys: Range, values: Range): Fault {
  const outside = (texts: string[], [least = 0, most]: Range) =>
    texts.some((text) => text.length < least || text.length > most);
  const said = (what: string, range: Range) =>
    broken(written(pairs), member, `Map ${what} must satisfy constraint: [${constraints(range, "length").join(", ")}]`);
  const listed = pairs.map((each) => each.key);
  if (outside(listed, keys)) return said("keys", keys);
  if (outside(pairs.map((each) => each.value), values)) return said("value", values);
  const twice = listed.find((key, place) => listed.indexOf(key) < place);
  return twice === undefined ? undefined : `${one} ${twice} is listed twice`;
}

export function labels(pairs: Pair[]): Fault {
  const fault = mapped(pairs, "labels", "Label", [1, 63], [1, 63]);
  if (fault) return fault;
  if (pairs.length > LISTED_MAX) return `A node group has at most ${LISTED_MAX} labels, not ${pairs.length}`;
  return pairs.map((each) => qualified(each.key) ?? reserved(each.key) ?? value(each.value)).find(Boolean);
}

export function tags(pairs: Pair[]): Fault {
  const fault = mapped(pairs, "tags", "Tag", [1, 128], [undefined, 256]);
  if (fault) return fault;
  if (pairs.length > LISTED_MAX)
    return broken(written(pairs), "tags", `Member must have length less than or equal to ${LISTED_MAX}`);
  const kept = pairs.map((each) => each.key).filter((key) => key.toLowerCase().startsWith("aws:"));
  return kept.length ? `Tag keys must not start with aws: ${kept.sort().join(", ")}` : undefined;
}

export function taint(one: Taint, others: Taint[]): Fault {
  const [key, text] = [one.key ?? "", one.value ?? ""];
  const member = `taints.${others.indexOf(one) + 1}.member`;
  const long = ranged(key, key.length, `${member}.key`, [1, 63]) ?? ranged(text, text.length, `${member}.value`, [0, 63]);
  if (long) return long;
  if (!one.effect) return "A taint needs a key and an effect";
  const fault = qualified(key) ?? value(text);
  if (fault) return fault;
  if (key === UPDATES_PUT.key && text === UPDATES_PUT.value && one.effect === UPDATES_PUT.effect)
    return (
      `Taint ${key}=${text}:${one.effect} is the one that version updates put on nodes which are to be replaced, ` +
      "and take away: choose another key or value"
    );
  const same = others.filter((each) => each.key === key && each.effect === one.effect);
  return same.length > 1 ? `Taint ${key} with effect ${one.effect} is listed twice` : undefined;
}

export function taints(all: Taint[]): Fault {
  const fault = all.map((each) => taint(each, all)).find(Boolean);
  return fault ?? (all.length > LISTED_MAX ? `A node group has at most ${LISTED_MAX} taints, not ${all.length}` : undefined);
}

export interface Sizes {
  minimum: string;
  desired: string;
  maximum: string;
}

/** Returns a number as typed, or NaN: what is empty is no number, and must never be taken for 0. */
function whole(text: string): number {
  return /^-?\d{1,9}$/.test(text) ? Number(text) : NaN;
}

/** Judges one number: whole, and not too small or too great. */
function counted(text: string, member: string, range: Range): Fault {
  const count = whole(text);
  return Number.isNaN(count) ? `${member} must be a whole number` : ranged(count, count, member, range);
}

export function sizes(typed: Sizes, updating: boolean): Fault {
  const fault =
    counted(typed.minimum, "scalingConfig.minSize", [0, Infinity]) ??
    counted(typed.maximum, "scalingConfig.maxSize", [1, Infinity]) ??
    counted(typed.desired, "scalingConfig.desiredSize", [0, Infinity]);
  if (fault) return fault;
  const [minimum, desired, maximum] = [whole(typed.minimum), whole(typed.desired), whole(typed.maximum)];
  if (minimum > desired)
    return updating
      ? `Minimum capacity ${minimum} can't be greater than desired size ${desired}`
      : "minSize can't be greater than desiredSize";
  if (desired > maximum) return `desired capacity ${desired} can't be greater than max size ${maximum}`;
  return maximum > NODES_MAX
    ? `max size ${maximum} can't be greater than ${NODES_MAX}, the quota of nodes per node group`
    : undefined;
}

export function unavailable(kind: "number" | "percentage", text: string): Fault {
  const member = kind === "number" ? "maxUnavailable" : "maxUnavailablePercentage";
  const fault = counted(text, `updateConfig.${member}`, [1, kind === "number" ? Infinity : 100]);
  if (fault) return fault;
  return whole(text) > 100 ? `maxUnavailable can't be greater than 100, it is ${whole(text)}` : undefined;
}

export interface Pool {
  on: boolean;
  minimum: string;
  /** Empty: up to the maximum size of the group. */
  prepared: string;
  state: string;
  reuse: boolean;
}

const NO_CAP = -1;

export function warmPool(typed: Pool, amiType: string, capacityType: string): Fault {
  if (!typed.on) return undefined;
  const fault =
    counted(typed.minimum, "warmPoolConfig.minSize", [0, Infinity]) ??
    (typed.prepared === "" ? undefined : counted(typed.prepared, "maxGroupPreparedCapacity", [-Infinity, Infinity]));
  if (fault) return fault;
  if (capacityType === "SPOT")
    return "A warm pool holds On-Demand instances: a node group with capacityType SPOT cannot have one";
  if (amiType === "CUSTOM")
    return "A warm pool needs an Amazon EKS optimized AMI: a node group with a custom AMI cannot have one";
  const [minimum, cap] = [whole(typed.minimum), typed.prepared === "" ? NO_CAP : whole(typed.prepared)];
  if (cap < NO_CAP) return `maxGroupPreparedCapacity must be ${NO_CAP} (no cap) or more, not ${cap}`;
  if (cap !== NO_CAP && minimum > cap)
    return `The warm pool's minSize ${minimum} can't be greater than maxGroupPreparedCapacity ${cap}`;
  if (!amiType.startsWith("BOTTLEROCKET")) return undefined;
  if (typed.state === "HIBERNATED") return "Bottlerocket instances cannot hibernate: set poolState to STOPPED or RUNNING";
  return typed.reuse ? "Bottlerocket instances cannot return to the warm pool: leave reuseOnScaleIn out" : undefined;
}

export function disk(text: string): Fault {
  const gib = whole(text);
  if (Number.isNaN(gib)) return "diskSize must be a whole number";
  return gib >= 1 && gib <= 16384 ? undefined : `diskSize must be 1 to 16384 GiB, not ${gib}`;
}
