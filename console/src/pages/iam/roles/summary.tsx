// IAM › Roles › one role: its Summary, with Permissions, Trust relationships, Tags, Access Advisor and sessions.

import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Tabs from "@cloudscape-design/components/tabs";
import { GetRoleCommand, type Role } from "@aws-sdk/client-iam";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";

import { iam } from "../../../aws";
import { Failure } from "../../../parts/Failure";
import { Json } from "../../../parts/Json";
import { Tags } from "../../../parts/Tags";
import { ago, Time } from "../../../parts/Time";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";
import { AccessAdvisor } from "../AccessAdvisor";
import { Permissions } from "../Permissions";
import { DeleteRoles } from "./DeleteRoles";
import { EditDescription } from "./EditDescription";
import { RevokeSessions } from "./RevokeSessions";
import { isServiceLinked } from "./trusted";

export default function RoleSummary() {
  const name = useParams().name as string;
  useDocumentTitle(`${name} | IAM`);
  const { data, error, refetch } = useQuery({
    queryKey: ["role", name],
    queryFn: () => iam().send(new GetRoleCommand({ RoleName: name })),
    retry: false,
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  const role = data?.Role;
  return role === undefined ? <Spinner size="large" /> : <Summary role={role} />;
}

function Summary({ role }: { role: Role }) {
  const [search, setSearch] = useSearchParams();
  const navigate = useNavigate();
  const [asking, ask] = useState<"delete" | "description" | null>(null);
  const linked = isServiceLinked(role.Path);
  const name = role.RoleName as string;
  return (
    <ContentLayout
      header={
        <SpaceBetween size="m">
          <Header
            variant="h1"
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button onClick={() => ask("description")}>Edit</Button>
                <Button onClick={() => ask("delete")}>Delete</Button>
              </SpaceBetween>
            }
          >
            {name}
          </Header>
          {linked && (
            <Alert type="info" header="This is a service-linked role">
              The role is linked to a service, which defines its permissions and who may take it on. You can edit its
              description, and delete it once the service no longer uses it.
            </Alert>
          )}
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        <Container header={<Header variant="h2">Summary</Header>}>
          <KeyValuePairs
            columns={3}
            items={[
              { label: "Creation date", value: <Time at={role.CreateDate} /> },
              { label: "Last activity", value: ago(role.RoleLastUsed?.LastUsedDate) },
              { label: "Last activity Region", value: role.RoleLastUsed?.Region ?? "-" },
              { label: "ARN", value: role.Arn },
              { label: "Maximum session duration", value: `${(role.MaxSessionDuration ?? 3600) / 3600} hours` },
              { label: "Description", value: role.Description || "-" },
            ]}
          />
        </Container>
        <Tabs
          activeTabId={search.get("section") ?? "permissions"}
          onChange={({ detail }) => setSearch({ section: detail.activeTabId })}
          tabs={[
            {
              id: "permissions",
              label: "Permissions",
              content: <Permissions kind="role" name={name} boundary={role.PermissionsBoundary} fixed={linked} />,
            },
            {
              id: "trust",
              label: "Trust relationships",
              content: (
                <Container header={<Header variant="h2">Trusted entities</Header>}>
                  <Json
                    label="Trust policy"
                    value={decodeURIComponent(role.AssumeRolePolicyDocument ?? "{}")}
                  />
                </Container>
              ),
            },
            { id: "tags", label: "Tags", content: <Tags tags={role.Tags ?? []} /> },
            { id: "advisor", label: "Access Advisor", content: <AccessAdvisor arn={role.Arn as string} /> },
            {
              id: "sessions",
              label: "Revoke sessions",
              content: <RevokeSessions roleName={name} linked={linked} />,
            },
          ]}
        />
      </SpaceBetween>
      {asking === "delete" && (
        <DeleteRoles
          roles={[role]}
          close={() => {
            ask(null);
            void navigate("/iam/roles");
          }}
        />
      )}
      {asking === "description" && <EditDescription role={role} close={() => ask(null)} />}
    </ContentLayout>
  );
}
