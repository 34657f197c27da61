// The warm pool of a node group: whether it has one, how many instances wait in it, and how.

import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { useSay } from "../strings";
import type { Fault, Pool } from "./rules";

const STATES = ["STOPPED", "RUNNING", "HIBERNATED"].map((value) => ({ value, label: value }));

export function PoolFields(props: {
  pool: Pool;
  fault: Fault;
  onChange: (pool: Pool) => void;
}) {
  const { pool, fault, onChange } = props;
  const say = useSay();
  const set = (change: Partial<Pool>) => onChange({ ...pool, ...change });
  const numbers = [
    ["minimum", say("pool.least"), undefined],
    ["prepared", say("pool.prepared"), say("pool.preparedWhat")],
  ] as const;
  return (
    <SpaceBetween size="l">
      <FormField stretch description={say("pool.what")} errorText={fault}>
        <Toggle checked={pool.on} ariaLabel={say("field.warmPool")} onChange={({ detail }) => set({ on: detail.checked })}>
          {say(pool.on ? "on" : "off")}
        </Toggle>
      </FormField>
      {pool.on && (
        <ColumnLayout columns={2}>
          {numbers.map(([name, label, description]) => (
            <FormField key={name} label={label} description={description}>
              <Input
                type="number"
                inputMode="numeric"
                value={pool[name]}
                onChange={({ detail }) => set({ [name]: detail.value })}
              />
            </FormField>
          ))}
          <FormField label={say("pool.state")}>
            <Select
              options={STATES}
              selectedOption={STATES.find((each) => each.value === pool.state) ?? null}
              onChange={({ detail }) => set({ state: detail.selectedOption.value! })}
            />
          </FormField>
          <FormField label={say("pool.reuse")} description={say("pool.reuseWhat")}>
            <Toggle
              checked={pool.reuse}
              ariaLabel={say("pool.reuse")}
              onChange={({ detail }) => set({ reuse: detail.checked })}
            >
              {say(pool.reuse ? "on" : "off")}
            </Toggle>
          </FormField>
        </ColumnLayout>
      )}
    </SpaceBetween>
  );
}
