// The version of a launch template: one that EC2 has, or whatever is typed where EC2 cannot be asked.

import Autosuggest from "@cloudscape-design/components/autosuggest";
import FormField from "@cloudscape-design/components/form-field";
import { useWho } from "../app/session";
import { templateVersions } from "../aws/query";
import { useSay } from "../strings";
import { useLoad } from "./use-load";

export function TemplateVersion(props: {
  template: { id: string; name?: string };
  /** The version that the node group has. */
  current?: string;
  value: string;
  onChange: (version: string) => void;
}) {
  const { template, current, value, onChange } = props;
  const say = useSay();
  const { region } = useWho();
  const { value: versions, error } = useLoad(
    `versions ${region} ${template.id}`,
    (who, signal) => templateVersions(who, template.id, signal),
    undefined,
    undefined,
    { once: true },
  );
  const unknown = versions !== undefined && value !== "" && !versions.some((each) => each.number === value);
  return (
    <FormField
      label={say("field.templateVersion")}
      description={template.name}
      errorText={unknown ? say("template.unknown", { version: value, name: template.name ?? template.id }) : undefined}
    >
      <Autosuggest
        value={value}
        onChange={({ detail }) => onChange(detail.value)}
        options={(versions ?? []).map((each) => ({
          value: each.number,
          description: [each.what, each.image, each.instanceType].filter(Boolean).join(" · "),
          tags: [each.standard ? say("template.default") : "", each.number === current ? say("update.now") : ""].filter(Boolean),
        }))}
        filteringType="manual"
        statusType={error ? "error" : versions ? "finished" : "loading"}
        loadingText={say("loading")}
        errorText={say("template.unread")}
        empty={say("template.none")}
        enteredTextLabel={(text) => say("action.use", { value: text })}
      />
    </FormField>
  );
}
