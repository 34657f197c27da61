// Updating a node group: which release or template version, rolling or by force, with which strategy.
// A page with an address of its own. Source: EKS console, update node group version.

import { useState } from "react";
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { Frame } from "../../app/frame";
import { go, to } from "../../app/route";
import { useWho } from "../../app/session";
import { ApiError, type Credentials } from "../../aws/client";
import type { Cluster, Nodegroup, NyNodegroupOverview, NyRelease } from "../../aws/model.generated";
import { all, call } from "../../aws/operations";
import { ErrorAlert } from "../../parts/alerts";
import { Facts } from "../../parts/facts";
import { TemplateVersion } from "../../parts/template-version";
import { useLoad } from "../../parts/use-load";
import { StrategyField } from "../../parts/strategy-field";
import { useSay, useTell } from "../../strings";
import { Findings, useRehearsal, Verdict } from "./rehearsal";

interface Shown {
  group: Nodegroup;
  cluster: Cluster;
  overview?: NyNodegroupOverview;
  releases: NyRelease[];
}

async function shown(who: Credentials, cluster: string, name: string, signal: AbortSignal): Promise<Shown> {
  const [{ nodegroup }, { cluster: its }, overviews] = await Promise.all([
    call(who, "DescribeNodegroup", { clusterName: cluster, nodegroupName: name }, signal),
    call(who, "DescribeCluster", { name: cluster }, signal),
    all(who, "ListNodegroupOverviews", { clusterName: cluster }, (page) => page.nodegroups, signal),
  ]);
  const group = nodegroup!;
  const custom = group.amiType === "CUSTOM";
  const releases = custom
    ? []
    : await all(who, "ListReleases", { amiType: group.amiType }, (page) => page.releases, signal);
  return { group, cluster: its!, overview: overviews.find((each) => each.nodegroupName === name), releases };
}

const minor = (version: string | undefined) => Number(version?.split(".")[1] ?? 0);

/** Returns the releases that the group may go to: those of its own version and of the cluster's, newest first. */
function choices({ group, cluster, releases }: Shown): NyRelease[] {
  return releases
    .filter((each) => {
      const its = minor(each.kubernetesVersion);
      return its >= minor(group.version) && its <= minor(cluster.version);
    })
    .sort((one, other) => minor(other.kubernetesVersion) - minor(one.kubernetesVersion) || later(one, other));
}

function later(one: NyRelease, other: NyRelease): number {
  return other.releaseVersion!.localeCompare(one.releaseVersion!, "en", { numeric: true });
}

export default function UpdatePage(props: { cluster: string; name: string }) {
  const { cluster, name } = props;
  const who = useWho();
  const { value, error, loading, reload } = useLoad(`update ${who.region} ${cluster} ${name}`, (caller, signal) =>
    shown(caller, cluster, name, signal),
  );
  const say = useSay();
  return (
    <Frame
      crumbs={[
        { text: cluster, href: to.cluster(cluster) },
        { text: name, href: to.nodegroup(cluster, name) },
        { text: say("action.update"), href: to.update(cluster, name) },
      ]}
      header={<Header variant="h1">{say("update.title", { name })}</Header>}
    >
      {error && <ErrorAlert error={error} retry={reload} />}
      {loading && <p role="status">{say("loading")}</p>}
      {value && <UpdateForm shown={value} />}
    </Frame>
  );
}

type Way = "rolling" | "force";

function UpdateForm(props: { shown: Shown }) {
  const { shown: found } = props;
  const { group, overview } = found;
  const [cluster, name] = [group.clusterName!, group.nodegroupName!];
  const say = useSay();
  const tell = useTell();
  const who = useWho();
  const options = choices(found).map((each) => ({
    value: `${each.kubernetesVersion} ${each.releaseVersion}`,
    label: each.releaseVersion!,
    description: `Kubernetes ${each.kubernetesVersion}`,
    tags: [each.latest ? say("update.newest") : "", each.releaseVersion === group.releaseVersion ? say("update.now") : ""].filter(Boolean),
  }));
  const [release, setRelease] = useState(options[0]?.value ?? "");
  const [template, setTemplate] = useState(group.launchTemplate?.version ?? "");
  const [way, setWay] = useState<Way>("rolling");
  const [strategy, setStrategy] = useState(group.updateConfig?.updateStrategy ?? "DEFAULT");
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const custom = group.amiType === "CUSTOM";
  const rehearsal = useRehearsal(cluster, name, { force: way === "force", updateStrategy: strategy });

  const start = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const [version, releaseVersion] = release.split(" ");
      const names = { clusterName: cluster, nodegroupName: name };
      if (strategy !== (group.updateConfig?.updateStrategy ?? "DEFAULT")) {
        const { maxUnavailable, maxUnavailablePercentage } = group.updateConfig ?? {};
        const updateConfig = { maxUnavailable, maxUnavailablePercentage, updateStrategy: strategy };
        await call(who, "UpdateNodegroupConfig", { ...names, updateConfig });
        await until(async () => (await call(who, "DescribeNodegroup", names)).nodegroup?.status === "ACTIVE");
      }
      const { update } = await call(who, "UpdateNodegroupVersion", {
        ...names,
        ...(custom ? {} : { version, releaseVersion }),
        launchTemplate: group.launchTemplate && { id: group.launchTemplate.id, version: template },
        force: way === "force",
      });
      go(to.progress(cluster, name, update!.id!));
    } catch (failure) {
      setError(failure instanceof ApiError ? failure : new ApiError("", String(failure), 1));
      setBusy(false);
    }
  };

  return (
    <form onSubmit={(event) => (event.preventDefault(), void start())}>
      <Form
        actions={
          <SpaceBetween direction="horizontal" size="xs" alignItems="center">
            <Verdict rehearsal={rehearsal} />
            <Button variant="link" formAction="none" onClick={() => go(to.nodegroup(cluster, name))}>
              {say("action.cancel")}
            </Button>
            <Button variant="primary" formAction="submit" loading={busy}>
              {say(way === "force" ? "update.startForce" : "update.start")}
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          {error && <ErrorAlert error={error} />}
          <Facts
            title={say("update.from")}
            facts={[
              [say("field.kubernetesVersion"), group.version],
              [say("field.release"), group.releaseVersion],
              [say("update.available"), tell(overview?.updateAvailableBecause)],
            ]}
          />
          <Container header={<Header variant="h2">{say("update.to")}</Header>}>
            <SpaceBetween size="l">
              {!custom && (
                <FormField label={say("field.release")} description={say("update.noWayBack")}>
                  <Select
                    options={options}
                    selectedOption={options.find((each) => each.value === release) ?? null}
                    onChange={({ detail }) => setRelease(detail.selectedOption.value!)}
                    empty={say("update.noReleases")}
                  />
                </FormField>
              )}
              {group.launchTemplate && (
                <TemplateVersion
                  template={{ id: group.launchTemplate.id!, name: group.launchTemplate.name }}
                  current={group.launchTemplate.version}
                  value={template}
                  onChange={setTemplate}
                />
              )}
            </SpaceBetween>
          </Container>
          <Container header={<Header variant="h2">{say("update.how")}</Header>}>
            <SpaceBetween size="l">
              <FormField label={say("update.way")}>
                <RadioGroup
                  value={way}
                  onChange={({ detail }) => setWay(detail.value as Way)}
                  items={[
                    { value: "rolling", label: say("update.rolling"), description: say("update.rollingWhat") },
                    { value: "force", label: say("update.force"), description: say("update.forceWhat") },
                  ]}
                />
              </FormField>
              <StrategyField value={strategy} onChange={setStrategy} />
              {way === "force" && <Alert type="warning">{say("update.forceWarning")}</Alert>}
            </SpaceBetween>
          </Container>
          <Findings rehearsal={rehearsal} />
        </SpaceBetween>
      </Form>
    </form>
  );
}

const POLL_MS = 500;
const POLLS_MAX = 120;

/** Waits until something holds, a minute at most. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let polls = 0; polls < POLLS_MAX; polls++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
