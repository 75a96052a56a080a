// IAM › Users › one user: Permissions, Security credentials, Tags, Access Advisor.

import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Tabs from "@cloudscape-design/components/tabs";
import { GetUserCommand } from "@aws-sdk/client-iam";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";

import { iam } from "../../../aws";
import { Failure } from "../../../parts/Failure";
import { Tags } from "../../../parts/Tags";
import { Time } from "../../../parts/Time";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";
import { AccessAdvisor } from "../AccessAdvisor";
import { Permissions } from "../Permissions";
import { Credentials } from "./Credentials";

export default function UserSummary() {
  const name = useParams().name as string;
  useDocumentTitle(`${name} | IAM`);
  const { data, error } = useQuery({
    queryKey: ["user", name],
    queryFn: () => iam().send(new GetUserCommand({ UserName: name })),
    retry: false,
  });
  if (error) return <Failure error={error} />;
  const user = data?.User;
  if (user === undefined) return <Spinner size="large" />;
  return (
    <ContentLayout header={<Header variant="h1">{name}</Header>}>
      <SpaceBetween size="l">
        <Container header={<Header variant="h2">Summary</Header>}>
          <KeyValuePairs
            columns={3}
            items={[
              { label: "ARN", value: user.Arn },
              { label: "Created", value: <Time at={user.CreateDate} /> },
              { label: "Password last used", value: <Time at={user.PasswordLastUsed} /> },
            ]}
          />
        </Container>
        <Tabs
          tabs={[
            {
              id: "permissions",
              label: "Permissions",
              content: <Permissions kind="user" name={name} boundary={user.PermissionsBoundary} />,
            },
            { id: "credentials", label: "Security credentials", content: <Credentials userName={name} /> },
            { id: "tags", label: "Tags", content: <Tags tags={user.Tags ?? []} /> },
            { id: "advisor", label: "Access Advisor", content: <AccessAdvisor arn={user.Arn as string} /> },
          ]}
        />
      </SpaceBetween>
    </ContentLayout>
  );
}
