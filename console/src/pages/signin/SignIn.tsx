// Sign in: as an IAM user, as the root user by development credentials, with an access key, or from a federation link.

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Flashbar from "@cloudscape-design/components/flashbar";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, useEffect, useState } from "react";

import { refusal } from "../../aws";
import { setSigned } from "../../session";
import { useAbout } from "../../shell/about";
import { useNotifications } from "../../shell/notifications";
import { useDocumentTitle } from "../../shell/useDocumentTitle";
import { byAccessKey, byFederation, byPassword, byRoot, takeFederationToken } from "./ways";

type Way = "user" | "root" | "key";

export function SignIn() {
  useDocumentTitle("Sign in");
  const about = useAbout();
  const notices = useNotifications();
  const [way, setWay] = useState<Way>("user");
  const [fields, setFields] = useState<Record<string, string>>({});
  const [mfa, askMfa] = useState(false);
  const [error, fail] = useState<string | null>(null);
  const [busy, work] = useState(false);
  useEffect(() => {
    const token = takeFederationToken();
    if (token !== null) void enter(() => byFederation(token));
    // Once, as the page opens: the token is taken out of the address at once.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  async function enter(sign: () => ReturnType<typeof byRoot>) {
    work(true);
    fail(null);
    try {
      setSigned(await sign());
    } catch (raised) {
      const { code, message } = refusal(raised);
      if (code === "MfaRequired") askMfa(true);
      else fail(message);
      work(false);
    }
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    const ways = { user: byPassword, root: byRoot, key: byAccessKey };
    void enter(() => ways[way](fields));
  }
  const field = (name: string, label: string, type: "text" | "password" = "text", description = "") => (
    <FormField label={label} description={description}>
      <Input
        type={type}
        name={name}
        value={fields[name] ?? ""}
        onChange={({ detail }) => setFields({ ...fields, [name]: detail.value })}
      />
    </FormField>
  );
  const items = [
    { value: "user", label: "IAM user" },
    ...(about?.developmentCredentials ? [{ value: "root", label: "Root user, by development credentials" }] : []),
    { value: "key", label: "Access key" },
  ];
  return (
    <main className="signin">
      <Flashbar items={[...notices]} />
      <form onSubmit={submit}>
        <Form actions={<Button variant="primary" formAction="submit" loading={busy}>Sign in</Button>}>
          <Container header={<Header variant="h1">Sign in to Batchyard</Header>}>
            <SpaceBetween size="m">
              {error !== null && <Alert type="error">{error}</Alert>}
              <RadioGroup
                value={way}
                items={items}
                onChange={({ detail }) => {
                  setWay(detail.value as Way);
                  askMfa(false);
                }}
              />
              {way === "user" && (
                <>
                  {field("account", "Account ID (12 digits) or account alias")}
                  {field("user", "IAM user name")}
                  {field("password", "Password", "password")}
                  {mfa && field("code", "MFA code", "text", "The six digits that your MFA device shows.")}
                </>
              )}
              {way === "root" && (
                <>
                  {field("account", "Account ID (12 digits)")}
                  <Box color="text-body-secondary">
                    On this machine, development credentials sign for every account&apos;s root user.
                  </Box>
                </>
              )}
              {way === "key" && (
                <>
                  {field("key", "Access key ID")}
                  {field("secret", "Secret access key", "password")}
                  {field("token", "Session token", "password", "For temporary credentials.")}
                </>
              )}
            </SpaceBetween>
          </Container>
        </Form>
      </form>
    </main>
  );
}
