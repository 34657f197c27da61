// Whether an update begins with new nodes or with old ones: DEFAULT or MINIMAL.

import FormField from "@cloudscape-design/components/form-field";
import RadioGroup from "@cloudscape-design/components/radio-group";
import { useSay } from "../strings";

export function StrategyField(props: { value: string; onChange: (value: string) => void }) {
  const say = useSay();
  return (
    <FormField label={say("field.strategy")}>
      <RadioGroup
        value={props.value}
        onChange={({ detail }) => props.onChange(detail.value)}
        items={[
          { value: "DEFAULT", label: "DEFAULT", description: say("update.defaultWhat") },
          { value: "MINIMAL", label: "MINIMAL", description: say("update.minimalWhat") },
        ]}
      />
    </FormField>
  );
}
