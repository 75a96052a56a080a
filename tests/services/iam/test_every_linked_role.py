"""Every service-linked role that AWS is recorded to have, through the life that tools give it."""

from __future__ import annotations

from typing import Any

from batchyard.data import service_linked_roles as templates
from services.iam.answers import EC2_TRUST, refused

LINKED = "/aws-service-role/"


def _roles(iam: Any, **request: Any) -> list[dict[str, Any]]:
    pages = iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 30}, **request)
    return [role for page in pages for role in page["Roles"]]


def test_each_is_made_listed_skipped_tagged_and_cleaned_away(iam: Any, account: str, wait_for: Any) -> None:
    """A service that is not here has nothing that uses its role, so each deletion succeeds."""
    for principal in templates.principals():
        template = templates.find(principal)
        assert template is not None
        made = iam.create_service_linked_role(AWSServiceName=principal, Description="by hand")["Role"]
        assert made["Arn"] == f"arn:aws:iam::{account}:role{LINKED}{principal}/{template.role_name}"
        (statement,) = made["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": principal}
        (policy,) = iam.list_attached_role_policies(RoleName=template.role_name)["AttachedPolicies"]
        assert policy["PolicyArn"] == f"arn:aws:iam::aws:policy/aws-service-role/{template.policy_name}"
        assert iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["AttachmentCount"] == 1
    iam.create_role(RoleName="ours", AssumeRolePolicyDocument=EC2_TRUST)
    everything = _roles(iam)
    linked = _roles(iam, PathPrefix=LINKED)
    assert len(linked) == len(templates.principals()) == 84
    assert [role["RoleName"] for role in everything if not role["Path"].startswith(LINKED)] == ["ours"]
    assert {role["Description"] for role in linked} == {"by hand"}
    # What a tool does that syncs tags and descriptions, and what one does that knows no linked roles.
    name = linked[0]["RoleName"]
    iam.tag_role(RoleName=name, Tags=[{"Key": "owner", "Value": "platform"}])
    assert iam.get_role(RoleName=name)["Role"]["Tags"] == [{"Key": "owner", "Value": "platform"}]
    assert refused(iam.delete_role, RoleName=name)[0] == "UnmodifiableEntity"
    tasks = [iam.delete_service_linked_role(RoleName=role["RoleName"])["DeletionTaskId"] for role in linked]

    def unfinished() -> list[str]:
        return [
            task
            for task in tasks
            if iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] != "SUCCEEDED"
        ]

    wait_for(lambda: not unfinished())
    assert [role["RoleName"] for role in _roles(iam)] == ["ours"]
