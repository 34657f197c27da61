// Step 4: everything once more, and the same for other tools.

import { useState } from "react";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useWho } from "../../app/session";
import type { Inputs } from "../../aws/model.generated";
import { Facts, type Fact } from "../../parts/facts";
import { useSay } from "../../strings";
import { written, type Tool } from "./copy-as";

const TOOLS: Tool[] = ["aws CLI", "boto3", "Terraform", "eksctl"];

function pairs(map: Record<string, string> | undefined): string | undefined {
  return map && Object.entries(map).map(([key, value]) => `${key}=${value}`).join(", ");
}

export function Review(props: { request: Inputs["CreateNodegroup"]; edit: (step: number) => void }) {
  const { request, edit } = props;
  const say = useSay();
  const { scalingConfig: sizes, updateConfig: update, launchTemplate: template, remoteAccess: remote } = request;
  const pool = request.warmPoolConfig;
  const pooled = (held: NonNullable<typeof pool>) =>
    [
      held.poolState,
      `${say("pool.least")} ${held.minSize}`,
      held.maxGroupPreparedCapacity! >= 0 && `${say("pool.prepared")} ${held.maxGroupPreparedCapacity}`,
      held.reuseOnScaleIn && say("pool.reuse"),
    ]
      .filter(Boolean)
      .join(", ");
  const parts: [string, Fact[]][] = [
    [
      say("add.configure"),
      [
        [say("field.name"), request.nodegroupName],
        [say("field.nodeRole"), request.nodeRole],
        [say("field.template"), template && `${template.id} (${template.version})`],
        [say("field.labels"), pairs(request.labels)],
        [say("field.taints"), request.taints?.map((each) => `${each.key}=${each.value}:${each.effect}`).join(", ")],
        [say("field.tags"), pairs(request.tags)],
        [
          say("field.unavailable"),
          update?.maxUnavailablePercentage ? `${update.maxUnavailablePercentage} %` : update?.maxUnavailable,
        ],
        [say("field.strategy"), update?.updateStrategy ?? "DEFAULT"],
        [say("field.repair"), say(request.nodeRepairConfig?.enabled ? "on" : "off")],
      ],
    ],
    [
      say("add.compute"),
      [
        [say("field.amiType"), request.amiType],
        [say("field.capacityType"), request.capacityType],
        [say("field.instanceTypes"), request.instanceTypes?.join(", ") ?? (template ? "–" : "t3.medium")],
        [say("field.disk"), request.diskSize ? `${request.diskSize} GiB` : say("group.inTemplate")],
        [say("field.desired"), sizes?.desiredSize],
        [say("group.minMax"), `${sizes?.minSize} / ${sizes?.maxSize}`],
        [say("field.warmPool"), pool ? pooled(pool) : say("off")],
      ],
    ],
    [
      say("add.network"),
      [
        [say("field.subnets"), request.subnets.join(", ")],
        [say("field.sshKey"), remote?.ec2SshKey],
        [say("field.sshFrom"), remote?.sourceSecurityGroups?.join(", ")],
      ],
    ],
  ];
  return (
    <SpaceBetween size="l">
      {parts.map(([title, facts], step) => (
        <Facts
          key={title}
          title={title}
          facts={facts}
          actions={
            <Button ariaLabel={say("action.editOf", { name: title })} onClick={() => edit(step)}>
              {say("action.edit")}
            </Button>
          }
        />
      ))}
      <CopyAs request={request} />
    </SpaceBetween>
  );
}

function CopyAs(props: { request: Inputs["CreateNodegroup"] }) {
  const say = useSay();
  const { region } = useWho();
  const [tool, setTool] = useState<Tool>("aws CLI");
  const text = written(tool, props.request, region);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={say("copy.what")}
          actions={
            <CopyToClipboard
              copyButtonText={say("copy.copy")}
              copySuccessText={say("copy.copied")}
              copyErrorText={say("copy.failed")}
              textToCopy={text}
            />
          }
        >
          {say("copy.title")}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <SegmentedControl
          selectedId={tool}
          label={say("copy.title")}
          options={TOOLS.map((id) => ({ id, text: id }))}
          onChange={({ detail }) => setTool(detail.selectedId as Tool)}
        />
        <pre className="copy-as" tabIndex={0} aria-label={tool}>
          {text}
        </pre>
      </SpaceBetween>
    </Container>
  );
}
