// A status as EKS spells it, with the sign that Cloudscape gives its kind.

import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";

const KINDS: Record<string, StatusIndicatorProps.Type> = {
  ACTIVE: "success",
  Successful: "success",
  CREATING: "in-progress",
  UPDATING: "in-progress",
  DELETING: "in-progress",
  InProgress: "in-progress",
  PENDING: "pending",
  DEGRADED: "warning",
  CREATE_FAILED: "error",
  DELETE_FAILED: "error",
  FAILED: "error",
  Failed: "error",
  Cancelled: "stopped",
};

export function Status(props: { status?: string }) {
  const { status } = props;
  return (
    <StatusIndicator type={KINDS[status ?? ""] ?? "info"} wrapText={false}>
      {status ?? "–"}
    </StatusIndicator>
  );
}

/** Returns whether a node group in this status may be updated. Source: EKS API, UpdateNodegroupVersion. */
export function takesUpdates(status: string | undefined): boolean {
  return status === "ACTIVE" || status === "DEGRADED";
}
