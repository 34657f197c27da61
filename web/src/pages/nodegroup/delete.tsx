// Deleting a node group, once its name has been typed. Source: EKS User Guide, delete a managed node group.

import { useState } from "react";
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { go, to } from "../../app/route";
import { useWho } from "../../app/session";
import { ApiError } from "../../aws/client";
import { call } from "../../aws/operations";
import { ErrorAlert } from "../../parts/alerts";
import { useSay } from "../../strings";

export function Delete(props: { cluster: string; name: string; onClose: () => void }) {
  const { cluster, name, onClose } = props;
  const say = useSay();
  const who = useWho();
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);

  const confirm = async () => {
    if (typed !== name) return;
    setBusy(true);
    try {
      await call(who, "DeleteNodegroup", { clusterName: cluster, nodegroupName: name });
      go(to.cluster(cluster));
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure);
      setBusy(false);
    }
  };

  return (
    <Modal
      visible
      onDismiss={onClose}
      header={say("delete.title", { name })}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {say("action.cancel")}
            </Button>
            <Button variant="primary" disabled={typed !== name} loading={busy} onClick={() => void confirm()}>
              {say("action.delete")}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type="warning">{say("delete.warning")}</Alert>
        {error && <ErrorAlert error={error} />}
        <form onSubmit={(event) => (event.preventDefault(), void confirm())}>
          <FormField label={say("delete.type", { name })}>
            <Input value={typed} placeholder={name} onChange={({ detail }) => setTyped(detail.value)} />
          </FormField>
        </form>
      </SpaceBetween>
    </Modal>
  );
}
