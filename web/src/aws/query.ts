// The services beside EKS that speak the query protocol: forms in, XML out. Read-only uses of them.

import { answered, type Credentials } from "./client";
import { queryText } from "./sigv4";

const VERSIONS = { ec2: "2016-11-15", iam: "2010-05-08" };

async function query(
  who: Credentials,
  service: keyof typeof VERSIONS,
  parameters: Record<string, string>,
  signal?: AbortSignal,
): Promise<Element> {
  const body = queryText(Object.entries({ ...parameters, Version: VERSIONS[service] }));
  const answer = await answered(who, { service, method: "POST", path: "/", query: [], body }, signal);
  return new DOMParser().parseFromString(await answer.text(), "application/xml").documentElement;
}

/** Returns the text of the first child with a name. */
function text(item: Element | undefined, name: string): string {
  return [...(item?.children ?? [])].find((each) => each.tagName === name)?.textContent ?? "";
}

/** Returns the entries of the list that a path of names leads to. */
function list(item: Element | undefined, ...path: string[]): Element[] {
  const found = path.reduce<Element | undefined>(
    (at, name) => [...(at?.children ?? [])].find((each) => each.tagName === name),
    item,
  );
  return [...(found?.children ?? [])];
}

export interface Subnet {
  id: string;
  zone: string;
  cidr: string;
  free: number;
}

export async function subnets(who: Credentials, vpc: string, signal?: AbortSignal): Promise<Subnet[]> {
  const filter = { "Filter.1.Name": "vpc-id", "Filter.1.Value.1": vpc };
  const answer = await query(who, "ec2", { Action: "DescribeSubnets", ...filter }, signal);
  return list(answer, "subnetSet").map((each) => ({
    id: text(each, "subnetId"),
    zone: text(each, "availabilityZone"),
    cidr: text(each, "cidrBlock"),
    free: Number(text(each, "availableIpAddressCount")),
  }));
}

export async function roles(who: Credentials, signal?: AbortSignal): Promise<string[]> {
  const answer = await query(who, "iam", { Action: "ListRoles", MaxItems: "1000" }, signal);
  return list(answer, "ListRolesResult", "Roles").map((each) => text(each, "Arn"));
}

export async function keyPairs(who: Credentials, signal?: AbortSignal): Promise<string[]> {
  const answer = await query(who, "ec2", { Action: "DescribeKeyPairs" }, signal);
  return list(answer, "keySet").map((each) => text(each, "keyName"));
}

export interface Template {
  id: string;
  name: string;
  standard: number;
}

export async function templates(who: Credentials, signal?: AbortSignal): Promise<Template[]> {
  const answer = await query(who, "ec2", { Action: "DescribeLaunchTemplates", MaxResults: "200" }, signal);
  return list(answer, "launchTemplates").map((each) => ({
    id: text(each, "launchTemplateId"),
    name: text(each, "launchTemplateName"),
    standard: Number(text(each, "defaultVersionNumber")),
  }));
}

export interface TemplateVersion {
  number: string;
  /** Its owner's words for it. */
  what: string;
  image: string;
  instanceType: string;
  standard: boolean;
}

/** Returns the versions of a launch template, the newest first. */
export async function templateVersions(who: Credentials, id: string, signal?: AbortSignal): Promise<TemplateVersion[]> {
  const found: TemplateVersion[] = [];
  let token: string | undefined;
  do {
    const asked = { Action: "DescribeLaunchTemplateVersions", LaunchTemplateId: id, MaxResults: "200" };
    const answer = await query(who, "ec2", token ? { ...asked, NextToken: token } : asked, signal);
    for (const each of list(answer, "launchTemplateVersionSet")) {
      const [data] = [...each.children].filter((child) => child.tagName === "launchTemplateData");
      found.push({
        number: text(each, "versionNumber"),
        what: text(each, "versionDescription"),
        image: text(data, "imageId"),
        instanceType: text(data, "instanceType"),
        standard: text(each, "defaultVersion") === "true",
      });
    }
    token = text(answer, "nextToken") || undefined;
  } while (token);
  return found.sort((one, other) => Number(other.number) - Number(one.number));
}
