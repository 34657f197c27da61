// Lists of labels, taints and tags that one types, each row judged as it is typed.

import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import type { Taint } from "../aws/model.generated";
import { useSay } from "../strings";
import * as rules from "./rules";
import type { Pair } from "./rules";

export function PairEditor(props: {
  pairs: Pair[];
  onChange: (pairs: Pair[]) => void;
  judge: (pairs: Pair[]) => rules.Fault;
  add: string;
}) {
  const { pairs, onChange, judge, add } = props;
  const say = useSay();
  const set = (place: number, change: Partial<Pair>) =>
    onChange(pairs.map((each, at) => (at === place ? { ...each, ...change } : each)));
  return (
    <AttributeEditor
      items={pairs}
      addButtonText={add}
      removeButtonText={say("action.remove")}
      removeButtonAriaLabel={(pair) => say("action.removeOf", { name: pair.key })}
      empty={say("nothing")}
      onAddButtonClick={() => onChange([...pairs, { key: "", value: "" }])}
      onRemoveButtonClick={({ detail }) => onChange(pairs.filter((_, at) => at !== detail.itemIndex))}
      definition={[
        {
          label: say("field.key"),
          control: (pair, place) => <Input value={pair.key} onChange={({ detail }) => set(place, { key: detail.value })} />,
          // While one types the key there is no value yet: the form says when it stays so.
          errorText: ({ key, value }) => (key ? judge([{ key, value: value || "x" }]) : undefined),
        },
        {
          label: say("field.value"),
          control: (pair, place) => (
            <Input value={pair.value} onChange={({ detail }) => set(place, { value: detail.value })} />
          ),
        },
      ]}
    />
  );
}

export function TaintEditor(props: { taints: Taint[]; onChange: (taints: Taint[]) => void }) {
  const { taints, onChange } = props;
  const say = useSay();
  const set = (place: number, change: Partial<Taint>) =>
    onChange(taints.map((each, at) => (at === place ? { ...each, ...change } : each)));
  const effects = rules.EFFECTS.map((value) => ({ value, label: value }));
  return (
    <AttributeEditor
      items={taints}
      addButtonText={say("add.taint")}
      removeButtonText={say("action.remove")}
      removeButtonAriaLabel={(taint) => say("action.removeOf", { name: taint.key ?? "" })}
      empty={say("nothing")}
      onAddButtonClick={() => onChange([...taints, { key: "", value: "", effect: "NO_SCHEDULE" }])}
      onRemoveButtonClick={({ detail }) => onChange(taints.filter((_, at) => at !== detail.itemIndex))}
      definition={[
        {
          label: say("field.key"),
          control: (one, place) => (
            <Input value={one.key ?? ""} onChange={({ detail }) => set(place, { key: detail.value })} />
          ),
          errorText: (one) => (one.key ? rules.taint(one, taints) : undefined),
        },
        {
          label: say("field.value"),
          control: (one, place) => (
            <Input value={one.value ?? ""} onChange={({ detail }) => set(place, { value: detail.value })} />
          ),
        },
        {
          label: say("field.effect"),
          control: (one, place) => (
            <Select
              options={effects}
              selectedOption={effects.find((each) => each.value === one.effect) ?? null}
              onChange={({ detail }) => set(place, { effect: detail.selectedOption.value })}
            />
          ),
        },
      ]}
    />
  );
}
