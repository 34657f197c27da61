// What runs in a cluster: pods by owner, their disruption budgets, and what would hold up a drain that began now.

import { useState } from "react";
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { to } from "../../app/route";
import { useWho } from "../../app/session";
import type { NyWorkloadBudget, NyWorkloadOverview } from "../../aws/model.generated";
import { all } from "../../aws/operations";
import { ErrorAlert } from "../../parts/alerts";
import { useLoad } from "../../parts/use-load";
import { useSay, useTell, type Key, type Say } from "../../strings";

const PAGE = 50;
const LIST_PAGE = 1000;
const SIGNS: Record<string, StatusIndicatorProps.Type> = { HELD: "warning", LEAVES: "success", STAYS: "info" };
type Shown = "all" | "held";

function Budget(props: { budget: NyWorkloadBudget }) {
  const { budget } = props;
  const say = useSay();
  return (
    <div>
      <div>{budget.name}</div>
      <Box fontSize="body-s" color="text-body-secondary">
        {budget.demand} · {say("workloads.allowed", { count: budget.allowed ?? 0, healthy: budget.healthy ?? 0 })}
      </Box>
    </div>
  );
}

function Drain(props: { workload: NyWorkloadOverview }) {
  const { workload } = props;
  const say = useSay();
  const tell = useTell();
  return (
    <SpaceBetween size="xxs">
      <StatusIndicator type={SIGNS[workload.drain ?? ""] ?? "info"}>
        {say(`drain.${workload.drain}` as Key)}
      </StatusIndicator>
      {workload.obstacles?.map((each) => (
        <Box key={each.code} fontSize="body-s">
          {tell(each.sentence)}
          {each.help && (
            <Box fontSize="body-s" color="text-body-secondary">
              {say("blocker.help")} {tell(each.help)}
            </Box>
          )}
        </Box>
      ))}
    </SpaceBetween>
  );
}

function columns(cluster: string, say: Say) {
  return [
    {
      id: "name",
      header: say("workloads.name"),
      isRowHeader: true,
      width: 220,
      minWidth: 180,
      cell: (each: NyWorkloadOverview) => (
        <div>
          <div>{each.name}</div>
          <Box fontSize="body-s" color="text-body-secondary">
            {each.kind} · {each.namespace}
          </Box>
        </div>
      ),
    },
    {
      id: "pods",
      header: say("workloads.pods"),
      width: 120,
      minWidth: 80,
      cell: (each: NyWorkloadOverview) => `${each.podsReady} / ${each.pods}`,
    },
    {
      id: "where",
      header: say("workloads.where"),
      width: 170,
      minWidth: 130,
      cell: (each: NyWorkloadOverview) => (
        <div>
          {each.nodegroupNames?.map((group) => (
            <div key={group}>
              <Link href={to.nodegroup(cluster, group)}>{group}</Link>
            </div>
          ))}
          <Box fontSize="body-s" color="text-body-secondary">
            {say("workloads.nodes", { count: each.nodes ?? 0 })}
          </Box>
        </div>
      ),
    },
    {
      id: "budgets",
      header: say("workloads.budgets"),
      width: 230,
      minWidth: 200,
      cell: (each: NyWorkloadOverview) =>
        each.budgets?.length ? each.budgets.map((budget) => <Budget key={budget.name} budget={budget} />) : "–",
    },
    {
      id: "drain",
      header: say("workloads.drain"),
      minWidth: 220,
      cell: (each: NyWorkloadOverview) => <Drain workload={each} />,
    },
  ];
}

export function WorkloadTable(props: { cluster: string }) {
  const { cluster } = props;
  const say = useSay();
  const who = useWho();
  const [text, setText] = useState("");
  const [shown, setShown] = useState<Shown>("all");
  const [page, setPage] = useState(1);
  const { value, error, loading, reload } = useLoad(`workloads ${who.region} ${cluster}`, (caller, signal) =>
    all(caller, "ListWorkloads", { clusterName: cluster, maxResults: LIST_PAGE }, (found) => found.workloads, signal),
  );
  const held = value?.filter((each) => each.drain === "HELD") ?? [];
  const wanted = (shown === "held" ? held : (value ?? [])).filter((each) =>
    `${each.namespace}/${each.name} ${each.kind}`.toLowerCase().includes(text.trim().toLowerCase()),
  );
  const pages = Math.max(1, Math.ceil(wanted.length / PAGE));
  const at = Math.min(page, pages);
  return (
    <>
      {error && <ErrorAlert error={error} retry={reload} />}
      <Table
        items={wanted.slice((at - 1) * PAGE, at * PAGE)}
        trackBy={(each) => `${each.namespace}/${each.kind}/${each.name}`}
        loading={loading}
        loadingText={say("loading")}
        wrapLines
        header={
          <Header counter={value && `(${value.length})`} description={say("workloads.what")}>
            {say("tab.workloads")}
          </Header>
        }
        filter={
          <SpaceBetween direction="horizontal" size="s">
            <TextFilter
              filteringText={text}
              filteringAriaLabel={say("workloads.find")}
              filteringPlaceholder={say("workloads.find")}
              onChange={({ detail }) => (setText(detail.filteringText), setPage(1))}
            />
            <SegmentedControl
              selectedId={shown}
              label={say("workloads.drain")}
              options={[
                { id: "all", text: say("workloads.all") },
                { id: "held", text: say("workloads.held", { count: held.length }) },
              ]}
              onChange={({ detail }) => (setShown(detail.selectedId as Shown), setPage(1))}
            />
          </SpaceBetween>
        }
        pagination={
          pages > 1 && (
            <Pagination
              currentPageIndex={at}
              pagesCount={pages}
              onChange={({ detail }) => setPage(detail.currentPageIndex)}
            />
          )
        }
        columnDefinitions={columns(cluster, say)}
        empty={say(value?.length ? "workloads.noMatch" : "workloads.none")}
      />
    </>
  );
}
