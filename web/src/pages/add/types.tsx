// Instance types to choose from, with vCPU, memory and price. Source: EKS console, set compute and scaling.

import { useState } from "react";
import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useWho } from "../../app/session";
import type { Credentials } from "../../aws/client";
import type { NyInstanceTypeOverview } from "../../aws/model.generated";
import { call } from "../../aws/operations";
import { useLoad } from "../../parts/use-load";
import { useSay } from "../../strings";
import type { Fields } from "./configure";

const PAGE = 8;
const LIST_PAGE = 1000;
const TYPES_MAX = 20;
/** What most groups are made of comes first; the rest follows by name. */
const OFTEN = [
  "t3.medium", "t3.large", "m5.large", "m5.xlarge", "m6i.large", "c5.large", "c6i.large", "r5.large",
  "t4g.medium", "t4g.large", "m6g.large", "m7g.large", "c7g.large", "r6g.large",
  "g4dn.xlarge", "g5.xlarge", "g6.xlarge", "inf1.xlarge", "inf2.xlarge", "trn1.2xlarge",
]; // prettier-ignore

interface Listed {
  types: NyInstanceTypeOverview[];
  region: string;
  asOf: string;
}

async function listed(who: Credentials, signal: AbortSignal): Promise<Listed> {
  const found: Listed = { types: [], region: "", asOf: "" };
  let nextToken: string | undefined;
  do {
    const page = await call(who, "ListInstanceTypes", { maxResults: LIST_PAGE, nextToken }, signal);
    found.types.push(...(page.instanceTypes ?? []));
    [found.region, found.asOf] = [page.pricesRegion ?? "", page.pricesAsOf ?? ""];
    nextToken = page.nextToken ?? undefined;
  } while (nextToken);
  return found;
}

/** Returns whether an image of an AMI type runs on an instance type; any does on those of a custom image. */
function fits(type: NyInstanceTypeOverview, amiType: string): boolean {
  if (amiType === "CUSTOM") return true;
  const architecture = amiType.includes("ARM_64") ? "arm64" : "x86_64";
  const accelerator = /GPU|NVIDIA/.test(amiType) ? "nvidia" : amiType.includes("NEURON") ? "neuron" : undefined;
  return type.architecture === architecture && (type.accelerator ?? undefined) === accelerator;
}

function place(type: NyInstanceTypeOverview): number {
  const at = OFTEN.indexOf(type.instanceType!);
  return at < 0 ? OFTEN.length : at;
}

export function TypeField(props: Pick<Fields, "draft" | "faults" | "set">) {
  const { draft, faults, set } = props;
  const say = useSay();
  const who = useWho();
  const { value, loading } = useLoad(`types ${who.region}`, listed, undefined, undefined, { once: true });
  const [text, setText] = useState("");
  const [page, setPage] = useState(1);
  const sought = text.trim().toLowerCase();
  const types = (value?.types ?? [])
    .filter((each) => fits(each, draft.amiType) && each.instanceType!.includes(sought))
    .sort((one, other) => place(one) - place(other) || one.instanceType!.localeCompare(other.instanceType!));
  const pages = Math.max(1, Math.ceil(types.length / PAGE));
  const at = Math.min(page, pages);
  const here = types.slice((at - 1) * PAGE, at * PAGE);
  const price = (each: NyInstanceTypeOverview) =>
    each.hourlyPrice === undefined || each.hourlyPrice === null ? "–" : `$${each.hourlyPrice.toFixed(4)}`;
  const gib = (each: NyInstanceTypeOverview) => `${+((each.memoryMib ?? 0) / 1024).toFixed(2)} GiB`;
  const chip = (each: NyInstanceTypeOverview) => (each.accelerator ? `${each.accelerators} × ${each.accelerator}` : "–");
  return (
    <SpaceBetween size="l">
      <Table
        variant="embedded"
        selectionType="multi"
        items={here}
        trackBy="instanceType"
        loading={loading}
        loadingText={say("loading")}
        selectedItems={draft.types.map((instanceType) => ({ instanceType }))}
        onSelectionChange={({ detail }) => set({ types: detail.selectedItems.map((each) => each.instanceType!) })}
        isItemDisabled={(each) => draft.types.length >= TYPES_MAX && !draft.types.includes(each.instanceType!)}
        ariaLabels={{
          tableLabel: say("field.instanceTypes"),
          selectionGroupLabel: say("field.instanceTypes"),
          allItemsSelectionLabel: () => say("types.all"),
          itemSelectionLabel: (_, each) => each.instanceType!,
        }}
        header={
          <Header variant="h3" counter={draft.types.length ? `(${draft.types.length})` : undefined} description={say("add.typesWhat")}>
            {say("field.instanceTypes")}
          </Header>
        }
        filter={
          <TextFilter
            filteringText={text}
            filteringAriaLabel={say("types.find")}
            filteringPlaceholder={say("types.find")}
            countText={sought ? say("types.found", { count: types.length }) : undefined}
            onChange={({ detail }) => (setText(detail.filteringText), setPage(1))}
          />
        }
        pagination={
          <Pagination
            currentPageIndex={at}
            pagesCount={pages}
            onChange={({ detail }) => setPage(detail.currentPageIndex)}
          />
        }
        columnDefinitions={[
          { id: "type", header: say("field.instanceType"), cell: (each) => each.instanceType, isRowHeader: true },
          { id: "vcpus", header: say("types.vcpus"), cell: (each) => each.vcpus },
          { id: "memory", header: say("types.memory"), cell: gib },
          { id: "accelerator", header: say("types.accelerator"), cell: chip },
          { id: "pods", header: say("types.pods"), cell: (each) => each.podsMax },
          { id: "price", header: say("types.price"), cell: price },
        ]}
        empty={say("types.none")}
        footer={
          <Box fontSize="body-s" color="text-body-secondary">
            {value && say("types.priceWhat", { region: value.region, date: value.asOf })}
            {draft.types.length > 0 && (
              <div>
                {say("types.chosen")} {draft.types.join(", ")}
              </div>
            )}
          </Box>
        }
      />
      <FormField label={say("add.otherTypes")} description={say("add.otherTypesWhat")} errorText={faults.instanceTypes}>
        <Input
          value={draft.otherTypes}
          placeholder="m7i.large, m7a.large"
          onChange={({ detail }) => set({ otherTypes: detail.value })}
        />
      </FormField>
    </SpaceBetween>
  );
}
