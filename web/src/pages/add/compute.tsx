// Step 2: image, capacity, instance types, disk and sizes.

import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { PoolFields } from "../../parts/pool-fields";
import { SizeFields } from "../../parts/size-fields";
import { useSay } from "../../strings";
import type { Fields } from "./configure";
import { TypeField } from "./types";

export function Compute(props: Fields) {
  const { draft, around, faults, set } = props;
  const say = useSay();
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
          <FormField label={say("field.amiType")} errorText={faults.amiType}>
            <Select
              options={images}
              filteringType="auto"
              selectedOption={{ value: draft.amiType, label: draft.amiType }}
              onChange={({ detail }) => set({ amiType: detail.selectedOption.value, types: [] })}
            />
          </FormField>
          <FormField label={say("field.capacityType")} errorText={faults.capacityType}>
            <Select
              options={capacities}
              selectedOption={capacities.find((each) => each.value === draft.capacityType) ?? null}
              onChange={({ detail }) => set({ capacityType: detail.selectedOption.value })}
            />
          </FormField>
          <TypeField draft={draft} faults={faults} set={set} />
          {draft.template ? (
            <FormField label={say("field.disk")}>{say("group.inTemplate")}</FormField>
          ) : (
            <FormField label={say("field.disk")} description="GiB" errorText={faults.diskSize}>
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
        <SizeFields sizes={draft.sizes} fault={faults.scalingConfig} onChange={(sizes) => set({ sizes })} />
      </Container>
      <Container header={<Header variant="h2">{say("field.warmPool")}</Header>}>
        <PoolFields
          pool={draft.pool}
          fault={faults.warmPoolConfig}
          onChange={(pool) => set({ pool })}
        />
      </Container>
    </SpaceBetween>
  );
}
