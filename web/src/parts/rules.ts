// The rules of the API for what one types, in its own words. The service judges again; this saves the way there.
// Source: `planner/admission` of the service, which these follow.

import type { Taint } from "../aws/model.generated";

export type Fault = string | undefined;

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
  return ROLE.test(text) ? undefined : `Invalid Role Arn: '${text}'`;
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

export function label(key: string, text: string): Fault {
  return reserved(key) ?? qualified(key) ?? value(text);
}

export function taint(one: Taint, others: Taint[]): Fault {
  if (!one.key || !one.effect) return "A taint needs a key and an effect";
  const fault = qualified(one.key) ?? value(one.value ?? "");
  if (fault) return fault;
  const same = others.filter((each) => each.key === one.key && each.effect === one.effect);
  return same.length > 1 ? `Taint ${one.key} with effect ${one.effect} is listed twice` : undefined;
}

export function tag(key: string): Fault {
  return key.toLowerCase().startsWith("aws:") ? `Tag keys must not start with aws: ${key}` : undefined;
}

export interface Sizes {
  minimum: string;
  desired: string;
  maximum: string;
}

/** Returns a number as typed, or NaN. */
export function whole(text: string): number {
  return /^\d{1,6}$/.test(text) ? Number(text) : NaN;
}

export function sizes(typed: Sizes, updating: boolean): Fault {
  const [minimum, desired, maximum] = [whole(typed.minimum), whole(typed.desired), whole(typed.maximum)];
  if (minimum > desired)
    return updating
      ? `Minimum capacity ${minimum} can't be greater than desired size ${desired}`
      : "minSize can't be greater than desiredSize";
  if (desired > maximum) return `desired capacity ${desired} can't be greater than max size ${maximum}`;
  return undefined;
}

export function unavailable(kind: "number" | "percentage", text: string): Fault {
  const count = whole(text);
  if (count >= 1 && count <= 100) return undefined;
  const member = kind === "number" ? "maxUnavailable" : "maxUnavailablePercentage";
  return `${member} must be 1 to 100, not ${text || "empty"}`;
}

export function disk(text: string): Fault {
  const gib = whole(text);
  return gib >= 1 && gib <= 16384 ? undefined : `diskSize must be 1 to 16384 GiB, not ${text || "empty"}`;
}
