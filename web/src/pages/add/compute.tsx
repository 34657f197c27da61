// Step 2: image, capacity, instance types, disk and sizes.

import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Multiselect from "@cloudscape-design/components/multiselect";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useWho } from "../../app/session";
import { instanceTypes } from "../../aws/query";
import { disk } from "../../parts/rules";
import { SizeFields } from "../../parts/size-fields";
import { useLoad } from "../../parts/use-load";
import { useSay } from "../../strings";
import type { Fields } from "./configure";

/** What is offered first; any other type can be typed. */
const OFTEN = {
  arm: ["t4g.medium", "t4g.large", "m6g.large", "m6g.xlarge", "m7g.large", "c6g.large", "c7g.large", "r6g.large"],
  gpu: ["g4dn.xlarge", "g4dn.2xlarge", "g5.xlarge", "g5.2xlarge", "p3.2xlarge"],
  neuron: ["inf1.xlarge", "inf2.xlarge", "trn1.2xlarge"],
  x86: ["t3.medium", "t3.large", "t3.xlarge", "m5.large", "m5.xlarge", "m6i.large", "c5.large", "c6i.large", "r5.large"],
};

function often(amiType: string): string[] {
  if (amiType.includes("NEURON")) return OFTEN.neuron;
  if (/ARM_64/.test(amiType)) return amiType.includes("NVIDIA") ? ["g5g.xlarge"] : OFTEN.arm;
  return /GPU|NVIDIA/.test(amiType) ? OFTEN.gpu : OFTEN.x86;
}

export function Compute(props: Fields) {
  const { draft, around, set } = props;
  const say = useSay();
  const who = useWho();
  const names = often(draft.amiType);
  const { value: known } = useLoad(`types ${who.region} ${names.join()}`, (caller, signal) =>
    instanceTypes(caller, names, signal),
  );
  const sizeOf = new Map(known?.map((each) => [each.name, `${each.vcpus} vCPU · ${each.memoryGib} GiB`]));
  const types = names.map((value) => ({ value, label: value, description: sizeOf.get(value) }));
  const images = [...around.amiTypes, ...(draft.template ? ["CUSTOM"] : [])].map((value) => ({ value, label: value }));
  const capacities = [
    { value: "ON_DEMAND", label: "On-Demand" },
    { value: "SPOT", label: "Spot" },
    ...(draft.template ? [{ value: "CAPACITY_BLOCK", label: "Capacity Block" }] : []),
  ];
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">{say("add.computeConfig")}</Header>}>
        <SpaceBetween size="l">
          <FormField label={say("field.amiType")}>
            <Select
              options={images}
              filteringType="auto"
              selectedOption={{ value: draft.amiType, label: draft.amiType }}
              onChange={({ detail }) => set({ amiType: detail.selectedOption.value, types: [] })}
            />
          </FormField>
          <FormField label={say("field.capacityType")}>
            <Select
              options={capacities}
              selectedOption={capacities.find((each) => each.value === draft.capacityType) ?? null}
              onChange={({ detail }) => set({ capacityType: detail.selectedOption.value })}
            />
          </FormField>
          <FormField label={say("field.instanceTypes")} description={say("add.typesWhat")}>
            <Multiselect
              options={types}
              filteringType="auto"
              placeholder={say("add.typesChoose")}
              selectedOptions={types.filter((each) => draft.types.includes(each.value))}
              onChange={({ detail }) => set({ types: detail.selectedOptions.map((each) => each.value!) })}
            />
          </FormField>
          <FormField label={say("add.otherTypes")} description={say("add.otherTypesWhat")}>
            <Input
              value={draft.otherTypes}
              placeholder="m7i.large, m7a.large"
              onChange={({ detail }) => set({ otherTypes: detail.value })}
            />
          </FormField>
          {draft.template ? (
            <FormField label={say("field.disk")}>{say("group.inTemplate")}</FormField>
          ) : (
            <FormField label={say("field.disk")} description="GiB" errorText={disk(draft.disk)}>
              <Input
                type="number"
                inputMode="numeric"
                value={draft.disk}
                onChange={({ detail }) => set({ disk: detail.value })}
              />
            </FormField>
          )}
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">{say("add.sizes")}</Header>}>
        <SizeFields sizes={draft.sizes} updating={false} onChange={(sizes) => set({ sizes })} />
      </Container>
    </SpaceBetween>
  );
}
