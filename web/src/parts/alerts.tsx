// What went wrong, in the words of the service.

import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import { ApiError } from "../aws/client";
import { useSay, type Say } from "../strings";
import { isIssueKey } from "../strings/issues";

/** Returns the error as a sentence: that of the service, or that nobody answered. */
export function sentence(error: ApiError, say: Say): string {
  return error.status === 0 ? say("error.unreachable") : error.message;
}

/** Returns what to do about a health issue. */
export function remedy(code: string | undefined, say: Say): string {
  const key = `issue.${code}`;
  return isIssueKey(key) ? say(key) : say("issue.other");
}

export function ErrorAlert(props: { error: ApiError; retry?: () => void }) {
  const say = useSay();
  const { error, retry } = props;
  return (
    <Alert
      type="error"
      header={error.code || say(error.status === 0 ? "error.unreachable.title" : "error.title")}
      action={retry && <Button onClick={retry}>{say("action.retry")}</Button>}
    >
      {sentence(error, say)}
    </Alert>
  );
}
