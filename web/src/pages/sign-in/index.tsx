// Signing in with an access key, where the service verifies signatures.

import { useState } from "react";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { accepted } from "../../app/session";
import { ApiError } from "../../aws/client";
import { sentence } from "../../parts/alerts";
import { useSay } from "../../strings";

interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
}

export default function SignIn(props: { region: string; onSignedIn: (keys: Keys) => void }) {
  const say = useSay();
  const [keys, setKeys] = useState<Keys>({ accessKeyId: "", secretAccessKey: "" });
  const [error, setError] = useState("");
  const [asking, setAsking] = useState(false);

  const submit = async () => {
    setAsking(true);
    try {
      if (await accepted({ ...keys, region: props.region })) props.onSignedIn(keys);
      else setError(say("signIn.refused"));
    } catch (failure) {
      setError(failure instanceof ApiError ? sentence(failure, say) : String(failure));
    }
    setAsking(false);
  };

  return (
    <main>
      <Box padding={{ horizontal: "xxxl", vertical: "xxxl" }}>
        <form onSubmit={(event) => (event.preventDefault(), void submit())}>
          <Form
            errorText={error || undefined}
            actions={
              <Button variant="primary" formAction="submit" loading={asking}>
                {say("signIn.submit")}
              </Button>
            }
          >
            <Container
              header={
                <Header variant="h1" description={say("signIn.why")}>
                  {say("signIn.title")}
                </Header>
              }
            >
              <SpaceBetween size="m">
                <FormField label={say("signIn.key")}>
                  <Input
                    value={keys.accessKeyId}
                    autoFocus
                    autoComplete={false}
                    onChange={({ detail }) => setKeys({ ...keys, accessKeyId: detail.value.trim() })}
                  />
                </FormField>
                <FormField label={say("signIn.secret")} description={say("signIn.memory")}>
                  <Input
                    type="password"
                    value={keys.secretAccessKey}
                    autoComplete={false}
                    onChange={({ detail }) => setKeys({ ...keys, secretAccessKey: detail.value.trim() })}
                  />
                </FormField>
              </SpaceBetween>
            </Container>
          </Form>
        </form>
      </Box>
    </main>
  );
}
