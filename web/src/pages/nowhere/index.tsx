// An address that leads nowhere, and the way back.

import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import { Frame } from "../../app/frame";
import { to } from "../../app/route";
import { useSay } from "../../strings";

export default function NowherePage() {
  const say = useSay();
  return (
    <Frame crumbs={[]} header={<Header variant="h1">{say("nowhere.title")}</Header>}>
      <Link href={to.clusters()}>{say("clusters.title")}</Link>
    </Frame>
  );
}
