// Step 1: what the node group is called, who its nodes are, and what they carry.

import Autosuggest from "@cloudscape-design/components/autosuggest";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { PairEditor, TaintEditor } from "../../parts/pair-editors";
import * as rules from "../../parts/rules";
import { UnavailableFields } from "../../parts/size-fields";
import { StrategyField } from "../../parts/strategy-field";
import { TemplateVersion } from "../../parts/template-version";
import { useSay } from "../../strings";
import type { Surroundings } from ".";
import type { Draft, Faults } from "./draft";

export interface Fields {
  draft: Draft;
  around: Surroundings;
  faults: Faults;
  set: (change: Partial<Draft>) => void;
}

export function Configure(props: Fields & { tried: boolean }) {
  const { draft, around, faults, set, tried } = props;
  const say = useSay();
  const typed = (text: string) => tried || text !== "";
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">{say("add.group")}</Header>}>
        <SpaceBetween size="l">
          <FormField
            label={say("field.name")}
            description={say("add.nameWhat")}
            errorText={typed(draft.name) ? faults.nodegroupName : undefined}
          >
            <Input value={draft.name} onChange={({ detail }) => set({ name: detail.value })} />
          </FormField>
          <FormField
            label={say("field.nodeRole")}
            description={say("add.roleWhat")}
            errorText={typed(draft.role) ? faults.nodeRole : undefined}
          >
            <Autosuggest
              value={draft.role}
              options={around.roles
                .filter((role) => role !== around.cluster.roleArn)
                .map((value) => ({ value }))}
              enteredTextLabel={(value) => say("action.use", { value })}
              placeholder="arn:aws:iam::111122223333:role/node"
              onChange={({ detail }) => set({ role: detail.value })}
            />
          </FormField>
          <Template {...props} />
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">{say("field.labels")}</Header>}>
        <PairEditor
          pairs={draft.labels}
          judge={rules.labels}
          add={say("add.label")}
          onChange={(labels) => set({ labels })}
        />
      </Container>
      <Container header={<Header variant="h2">{say("field.taints")}</Header>}>
        <TaintEditor taints={draft.taints} onChange={(taints) => set({ taints })} />
      </Container>
      <Container header={<Header variant="h2">{say("field.tags")}</Header>}>
        <PairEditor pairs={draft.tags} judge={rules.tags} add={say("add.tag")} onChange={(tags) => set({ tags })} />
      </Container>
      <Container header={<Header variant="h2">{say("edit.updates")}</Header>}>
        <SpaceBetween size="l">
          <UnavailableFields value={draft.unavailable} onChange={(unavailable) => set({ unavailable })} />
          <StrategyField value={draft.strategy} onChange={(strategy) => set({ strategy })} />
          <FormField label={say("field.repair")} description={say("repair.what")}>
            <Toggle checked={draft.repair} onChange={({ detail }) => set({ repair: detail.checked })}>
              {say(draft.repair ? "on" : "off")}
            </Toggle>
          </FormField>
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}

function Template(props: Fields) {
  const { draft, around, faults, set } = props;
  const say = useSay();
  const none = { value: "", label: say("add.noTemplate") };
  const options = [none, ...around.templates.map((each) => ({ value: each.id, label: each.name, description: each.id }))];
  const chosen = around.templates.find((each) => each.id === draft.template);
  return (
    <>
      <FormField label={say("field.template")} description={say("add.templateWhat")} errorText={faults.launchTemplate}>
        <Select
          options={options}
          selectedOption={options.find((each) => each.value === draft.template) ?? none}
          onChange={({ detail }) => {
            const id = detail.selectedOption.value ?? "";
            const standard = around.templates.find((each) => each.id === id)?.standard;
            set({ template: id, templateVersion: standard ? String(standard) : "" });
          }}
        />
      </FormField>
      {chosen && (
        <TemplateVersion
          template={chosen}
          value={draft.templateVersion}
          onChange={(templateVersion) => set({ templateVersion })}
        />
      )}
    </>
  );
}
