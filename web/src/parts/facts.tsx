// Names and values side by side.

import type { ReactNode } from "react";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";

export type Fact = [label: string, value: ReactNode];

export function Facts(props: { title: string; facts: Fact[]; actions?: ReactNode }) {
  return (
    <Container header={<Header variant="h2" actions={props.actions}>{props.title}</Header>}>
      <KeyValuePairs
        columns={3}
        items={props.facts.map(([label, value]) => ({ label, value: value === undefined || value === "" ? "–" : value }))}
      />
    </Container>
  );
}
