// Lists of labels, taints and tags that one types, each row judged as it is typed.

import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import type { Taint } from "../aws/model.generated";
import { useSay } from "../strings";
import * as rules from "./rules";

export type Pair = { key: string; value: string };

/** Returns pairs as a map, empty keys left out. */
export function asMap(pairs: Pair[]): Record<string, string> {
  return Object.fromEntries(pairs.filter((each) => each.key).map((each) => [each.key, each.value]));
}

export function asPairs(map: Record<string, string> | undefined): Pair[] {
  return Object.entries(map ?? {}).map(([key, value]) => ({ key, value }));
}

/** Returns the first fault of a list of pairs. */
export function pairsFault(pairs: Pair[], judge: (pair: Pair) => rules.Fault): rules.Fault {
  return pairs.map(judge).find(Boolean);
}

export const labelFault = (pair: Pair): rules.Fault => rules.label(pair.key, pair.value);
export const tagFault = (pair: Pair): rules.Fault => rules.tag(pair.key);

export function PairEditor(props: {
  pairs: Pair[];
  onChange: (pairs: Pair[]) => void;
  judge: (pair: Pair) => rules.Fault;
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
          errorText: (pair) => (pair.key ? judge(pair) : undefined),
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
