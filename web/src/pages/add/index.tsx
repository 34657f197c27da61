// Adding a node group in the four steps of the AWS console. Source: EKS console, add node group.

import { useState } from "react";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Wizard from "@cloudscape-design/components/wizard";
import { Frame } from "../../app/frame";
import { go, to } from "../../app/route";
import { useWho } from "../../app/session";
import { ApiError, type Credentials } from "../../aws/client";
import type { Cluster } from "../../aws/model.generated";
import { all, call } from "../../aws/operations";
import * as account from "../../aws/query";
import { ErrorAlert } from "../../parts/alerts";
import { useLoad } from "../../parts/use-load";
import { useSay } from "../../strings";
import { Compute } from "./compute";
import { Configure } from "./configure";
import { emptyDraft, request, STEPS } from "./draft";
import { Network } from "./network";
import { Review } from "./review";
import { useValidation } from "./validation";

export interface Surroundings {
  cluster: Cluster;
  amiTypes: string[];
  subnets: account.Subnet[];
  roles: string[];
  keyPairs: string[];
  templates: account.Template[];
}

async function look(who: Credentials, name: string, signal: AbortSignal): Promise<Surroundings> {
  const { cluster } = await call(who, "DescribeCluster", { name }, signal);
  const version = { kubernetesVersion: cluster!.version };
  const [releases, subnets, roles, keyPairs, templates] = await Promise.all([
    all(who, "ListReleases", version, (page) => page.releases, signal),
    account.subnets(who, cluster!.resourcesVpcConfig?.vpcId ?? "", signal),
    account.roles(who, signal),
    account.keyPairs(who, signal),
    account.templates(who, signal),
  ]);
  const amiTypes = [...new Set(releases.map((each) => each.amiType!))];
  return { cluster: cluster!, amiTypes, subnets, roles, keyPairs, templates };
}

export default function AddPage(props: { cluster: string }) {
  const { cluster } = props;
  const say = useSay();
  const who = useWho();
  const { value, error, loading, reload } = useLoad(`add ${who.region} ${cluster}`, (caller, signal) =>
    look(caller, cluster, signal),
  );
  return (
    <Frame
      crumbs={[
        { text: cluster, href: to.cluster(cluster) },
        { text: say("action.add"), href: to.add(cluster) },
      ]}
    >
      {error && <ErrorAlert error={error} retry={reload} />}
      {loading && <p role="status">{say("loading")}</p>}
      {value && <Steps around={value} />}
    </Frame>
  );
}

/** Source: observed, AL2023 from Kubernetes 1.30 on. */
function defaultAmiType(version: string): string {
  return Number(version.split(".")[1]) < 30 ? "AL2_x86_64" : "AL2023_x86_64_STANDARD";
}

function Steps(props: { around: Surroundings }) {
  const { around } = props;
  const cluster = around.cluster.name!;
  const say = useSay();
  const who = useWho();
  const [draft, setDraft] = useState(() =>
    emptyDraft(defaultAmiType(around.cluster.version!), around.cluster.resourcesVpcConfig?.subnetIds ?? []),
  );
  const [step, setStep] = useState(0);
  /** Until one has tried to go on, fields that are still empty are not called wrong. */
  const [tried, setTried] = useState<number>(-1);
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const { faults, error: unasked, ask } = useValidation(cluster, draft);
  const fields = { draft, around, faults, set: (change: Partial<typeof draft>) => setDraft({ ...draft, ...change }) };

  const move = async (next: number) => {
    setBusy(true);
    const found = next > step ? await ask() : {};
    setBusy(false);
    const wrong = STEPS.findIndex((members, place) => place < next && members.some((each) => found[each]));
    if (wrong < 0) setStep(next);
    else {
      setTried(Math.max(tried, wrong));
      setStep(wrong);
    }
  };
  const create = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await call(who, "CreateNodegroup", request(cluster, draft));
      go(to.nodegroup(cluster, draft.name));
    } catch (failure) {
      setError(failure instanceof ApiError ? failure : new ApiError("", String(failure), 1));
      setBusy(false);
    }
  };
  const shown = (place: number) => {
    const told = STEPS[place].map((each) => faults[each]).find(Boolean);
    // Nothing that one types mends the cluster: there is no point in going on to find out.
    return place <= tried ? told : place === 0 ? faults.clusterName : undefined;
  };
  const steps = [
    { title: say("add.configure"), content: <Configure {...fields} tried={tried >= 0} /> },
    { title: say("add.compute"), content: <Compute {...fields} /> },
    { title: say("add.network"), content: <Network {...fields} /> },
  ];

  return (
    <Wizard
      activeStepIndex={step}
      isLoadingNextStep={busy}
      submitButtonText={say("action.create")}
      onNavigate={({ detail }) => void move(detail.requestedStepIndex)}
      onCancel={() => go(to.cluster(cluster))}
      onSubmit={() => void create()}
      steps={[
        ...steps.map(({ title, content }, place) => ({
          title,
          errorText: shown(place),
          content: (
            <SpaceBetween size="l">
              {unasked && <ErrorAlert error={unasked} retry={() => void ask()} />}
              {content}
            </SpaceBetween>
          ),
        })),
        {
          title: say("add.review"),
          content: (
            <>
              {error && <ErrorAlert error={error} />}
              <Review request={request(cluster, draft)} edit={setStep} />
            </>
          ),
        },
      ]}
    />
  );
}
