// Adding a node group in the four steps of the AWS console. Source: EKS console, add node group.

import { useState } from "react";
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
import { computeFault, configureFault, emptyDraft, networkFault, request } from "./draft";
import { Network } from "./network";
import { Review } from "./review";

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
  const faults = [configureFault(draft), computeFault(draft), networkFault(draft), undefined];
  const fields = { draft, around, set: (change: Partial<typeof draft>) => setDraft({ ...draft, ...change }) };

  const move = (next: number) => {
    const wrong = faults.findIndex((fault, place) => place < next && fault !== undefined);
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
  const shown = (place: number) => (place <= tried ? faults[place] : undefined);

  return (
    <Wizard
      activeStepIndex={step}
      isLoadingNextStep={busy}
      submitButtonText={say("action.create")}
      onNavigate={({ detail }) => move(detail.requestedStepIndex)}
      onCancel={() => go(to.cluster(cluster))}
      onSubmit={() => void create()}
      steps={[
        {
          title: say("add.configure"),
          errorText: shown(0),
          content: <Configure {...fields} tried={tried >= 0} />,
        },
        { title: say("add.compute"), errorText: shown(1), content: <Compute {...fields} /> },
        { title: say("add.network"), errorText: shown(2), content: <Network {...fields} /> },
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
