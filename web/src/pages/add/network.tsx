// Step 3: where the nodes are, and who may reach them by SSH.

import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Multiselect from "@cloudscape-design/components/multiselect";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useSay } from "../../strings";
import type { Fields } from "./configure";

export function Network(props: Fields) {
  const { draft, around, faults, set } = props;
  const say = useSay();
  const subnets = around.subnets.map((each) => ({
    value: each.id,
    label: each.id,
    description: `${each.zone} · ${each.cidr} · ${say("add.freeAddresses", { count: each.free })}`,
  }));
  const none = { value: "", label: say("add.noSsh") };
  const keys = [none, ...around.keyPairs.map((value) => ({ value, label: value }))];
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">{say("field.subnets")}</Header>}>
        <FormField label={say("field.subnets")} description={say("add.subnetsWhat")} errorText={faults.subnets}>
          <Multiselect
            options={subnets}
            filteringType="auto"
            tokenLimit={6}
            placeholder={say("add.subnetsChoose")}
            selectedOptions={subnets.filter((each) => draft.subnets.includes(each.value))}
            onChange={({ detail }) => set({ subnets: detail.selectedOptions.map((each) => each.value!) })}
          />
        </FormField>
      </Container>
      {!draft.template && (
        <Container header={<Header variant="h2">{say("add.remote")}</Header>}>
          <SpaceBetween size="l">
            <FormField label={say("field.sshKey")} description={say("add.remoteWhat")} errorText={faults.remoteAccess}>
              <Select
                options={keys}
                selectedOption={keys.find((each) => each.value === draft.sshKey) ?? none}
                onChange={({ detail }) => set({ sshKey: detail.selectedOption.value })}
              />
            </FormField>
            {draft.sshKey && (
              <FormField label={say("field.sshFrom")} description={say("add.sshFromWhat")}>
                <Input value={draft.sshFrom} onChange={({ detail }) => set({ sshFrom: detail.value })} />
              </FormField>
            )}
          </SpaceBetween>
        </Container>
      )}
    </SpaceBetween>
  );
}
