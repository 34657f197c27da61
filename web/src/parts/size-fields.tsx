// Desired, minimum and maximum size, and how many nodes an update may take away at once.

import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import { useSay } from "../strings";
import { unavailable, type Fault, type Sizes } from "./rules";

export function SizeFields(props: { sizes: Sizes; fault: Fault; onChange: (sizes: Sizes) => void }) {
  const { sizes, fault, onChange } = props;
  const say = useSay();
  const fields = [
    ["desired", say("field.desired")],
    ["minimum", say("field.minimum")],
    ["maximum", say("field.maximum")],
  ] as const;
  return (
    <FormField stretch errorText={fault}>
      <ColumnLayout columns={3}>
        {fields.map(([name, label]) => (
          <FormField key={name} label={label}>
            <Input
              type="number"
              inputMode="numeric"
              value={sizes[name]}
              onChange={({ detail }) => onChange({ ...sizes, [name]: detail.value })}
            />
          </FormField>
        ))}
      </ColumnLayout>
    </FormField>
  );
}

export interface Unavailable {
  kind: "number" | "percentage";
  text: string;
}

export function UnavailableFields(props: { value: Unavailable; onChange: (value: Unavailable) => void }) {
  const { value, onChange } = props;
  const say = useSay();
  return (
    <ColumnLayout columns={2}>
      <FormField label={say("field.unavailable")} description={say("unavailable.what")}>
        <RadioGroup
          value={value.kind}
          onChange={({ detail }) => onChange({ ...value, kind: detail.value as Unavailable["kind"] })}
          items={[
            { value: "number", label: say("unavailable.number") },
            { value: "percentage", label: say("unavailable.percentage") },
          ]}
        />
      </FormField>
      <FormField label={say("unavailable.value")} errorText={unavailable(value.kind, value.text)}>
        <Input
          type="number"
          inputMode="numeric"
          value={value.text}
          onChange={({ detail }) => onChange({ ...value, text: detail.value })}
        />
      </FormField>
    </ColumnLayout>
  );
}
