// What every page has around its content: where one is, a heading, and the errors of loading.

import type { ReactNode } from "react";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import ContentLayout from "@cloudscape-design/components/content-layout";
import SpaceBetween from "@cloudscape-design/components/space-between";
import AppLayout from "@cloudscape-design/components/app-layout";
import { useSay } from "../strings";
import { to } from "./route";

export interface Crumb {
  text: string;
  href: string;
}

export function Frame(props: { crumbs: Crumb[]; header?: ReactNode; children: ReactNode }) {
  const say = useSay();
  const items = [{ text: say("clusters.title"), href: to.clusters() }, ...props.crumbs];
  return (
    <AppLayout
      headerSelector="#top"
      navigationHide
      toolsHide
      breadcrumbs={<BreadcrumbGroup items={items} />}
      content={
        <ContentLayout header={props.header}>
          <SpaceBetween size="l">{props.children}</SpaceBetween>
        </ContentLayout>
      }
    />
  );
}
