// Editing what a node group can change without new nodes: sizes, labels, taints, update settings, repair, tags.

import { useState } from "react";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { Frame } from "../../app/frame";
import { go, to } from "../../app/route";
import { useWho } from "../../app/session";
import { ApiError } from "../../aws/client";
import type { Nodegroup } from "../../aws/model.generated";
import { call } from "../../aws/operations";
import { ErrorAlert } from "../../parts/alerts";
import { PairEditor, TaintEditor } from "../../parts/pair-editors";
import { asPairs } from "../../parts/pairs";
import { asPool } from "../../parts/pool";
import { PoolFields } from "../../parts/pool-fields";
import * as rules from "../../parts/rules";
import { SizeFields, UnavailableFields, type Unavailable } from "../../parts/size-fields";
import { StrategyField } from "../../parts/strategy-field";
import { useSay } from "../../strings";
import { useLoad } from "../../parts/use-load";
import { changed, type Edited } from "./changed";

export default function EditPage(props: { cluster: string; name: string }) {
  const { cluster, name } = props;
  const say = useSay();
  const who = useWho();
  const { value, error, loading, reload } = useLoad(`edit ${who.region} ${cluster} ${name}`, async (caller, signal) => {
    const input = { clusterName: cluster, nodegroupName: name };
    return (await call(caller, "DescribeNodegroup", input, signal)).nodegroup!;
  });
  return (
    <Frame
      crumbs={[
        { text: cluster, href: to.cluster(cluster) },
        { text: name, href: to.nodegroup(cluster, name) },
        { text: say("action.edit"), href: to.edit(cluster, name) },
      ]}
      header={<Header variant="h1">{say("edit.title", { name })}</Header>}
    >
      {error && <ErrorAlert error={error} retry={reload} />}
      {loading && <p role="status">{say("loading")}</p>}
      {value && <EditForm group={value} />}
    </Frame>
  );
}

function initial(group: Nodegroup): Edited {
  const { scalingConfig: sizes, updateConfig: update } = group;
  const share: Unavailable = update?.maxUnavailablePercentage
    ? { kind: "percentage", text: String(update.maxUnavailablePercentage) }
    : { kind: "number", text: String(update?.maxUnavailable ?? 1) };
  return {
    sizes: {
      minimum: String(sizes?.minSize),
      desired: String(sizes?.desiredSize),
      maximum: String(sizes?.maxSize),
    },
    labels: asPairs(group.labels),
    taints: group.taints ?? [],
    unavailable: share,
    strategy: update?.updateStrategy ?? "DEFAULT",
    repair: group.nodeRepairConfig?.enabled ?? false,
    pool: asPool(group.warmPoolConfig),
    tags: asPairs(group.tags),
  };
}

/** Returns what is wrong, in the order of the form. */
function faultsOf(edited: Edited, group: Nodegroup) {
  return {
    sizes: rules.sizes(edited.sizes, true),
    labels: rules.labels(edited.labels),
    taints: rules.taints(edited.taints),
    unavailable: rules.unavailable(edited.unavailable.kind, edited.unavailable.text),
    pool: rules.warmPool(edited.pool, group.amiType ?? "", group.capacityType ?? ""),
    tags: rules.tags(edited.tags),
  };
}

function EditForm(props: { group: Nodegroup }) {
  const say = useSay();
  const who = useWho();
  // What the form began with: the group may be looked at again meanwhile, what one typed stays.
  const [group] = useState(props.group);
  const [edited, setEdited] = useState(() => initial(group));
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const back = to.nodegroup(group.clusterName!, group.nodegroupName!);
  const set = (change: Partial<Edited>) => setEdited({ ...edited, ...change });
  const faults = faultsOf(edited, group);
  const wrong = Object.values(faults).find(Boolean);

  const save = async () => {
    if (wrong || busy) return;
    setBusy(true);
    setError(undefined);
    try {
      const changes = changed(group, edited);
      const names = { clusterName: group.clusterName!, nodegroupName: group.nodegroupName! };
      if (changes.removedTags.length)
        await call(who, "UntagResource", { resourceArn: group.nodegroupArn!, tagKeys: changes.removedTags });
      if (Object.keys(changes.tags).length)
        await call(who, "TagResource", { resourceArn: group.nodegroupArn!, tags: changes.tags });
      if (changes.config) await call(who, "UpdateNodegroupConfig", { ...names, ...changes.config });
      go(back);
    } catch (failure) {
      setError(failure instanceof ApiError ? failure : new ApiError("", String(failure), 1));
      setBusy(false);
    }
  };

  return (
    <form onSubmit={(event) => (event.preventDefault(), void save())}>
      <Form
        errorText={wrong}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" onClick={() => go(back)}>
              {say("action.cancel")}
            </Button>
            <Button variant="primary" formAction="submit" loading={busy} disabled={Boolean(wrong)}>
              {say("action.save")}
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          {error && <ErrorAlert error={error} />}
          <Container header={<Header variant="h2">{say("details.scaling")}</Header>}>
            <SizeFields sizes={edited.sizes} fault={faults.sizes} onChange={(sizes) => set({ sizes })} />
          </Container>
          <Container header={<Header variant="h2">{say("field.labels")}</Header>}>
            <PairEditor
              pairs={edited.labels}
              judge={rules.labels}
              add={say("add.label")}
              onChange={(labels) => set({ labels })}
            />
          </Container>
          <Container header={<Header variant="h2">{say("field.taints")}</Header>}>
            <TaintEditor taints={edited.taints} onChange={(taints) => set({ taints })} />
          </Container>
          <Container header={<Header variant="h2">{say("edit.updates")}</Header>}>
            <SpaceBetween size="l">
              <UnavailableFields value={edited.unavailable} onChange={(unavailable) => set({ unavailable })} />
              <StrategyField value={edited.strategy} onChange={(strategy) => set({ strategy })} />
              <FormField label={say("field.repair")} description={say("repair.what")}>
                <Toggle checked={edited.repair} onChange={({ detail }) => set({ repair: detail.checked })}>
                  {say(edited.repair ? "on" : "off")}
                </Toggle>
              </FormField>
            </SpaceBetween>
          </Container>
          <Container header={<Header variant="h2">{say("field.warmPool")}</Header>}>
            <PoolFields pool={edited.pool} fault={faults.pool} onChange={(pool) => set({ pool })} />
          </Container>
          <Container header={<Header variant="h2">{say("field.tags")}</Header>}>
            <PairEditor pairs={edited.tags} judge={rules.tags} add={say("add.tag")} onChange={(tags) => set({ tags })} />
          </Container>
        </SpaceBetween>
      </Form>
    </form>
  );
}
