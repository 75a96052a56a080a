"""Service-linked roles: made by hand, protected, and who may do what (issue 3, C.2-C.4; slr.md 1-3)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batchyard.data import service_linked_roles as templates
from services.iam.answers import allow, refused

BATCH = "AWSServiceRoleForBatch"
LINKED_POLICY = "arn:aws:iam::aws:policy/aws-service-role/BatchServiceRolePolicy"

MAY_EDIT = """
{ "Effect": "Allow", "Action": [ "iam:UpdateRoleDescription" ], "Resource": "arn:aws:iam::*:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch", "Condition": {"StringLike": {"iam:AWSServiceName": "batch.amazonaws.com"}} }
"""  # noqa: E501 - the document's own line
MAY_DELETE = """
{ "Effect": "Allow", "Action": [ "iam:DeleteServiceLinkedRole", "iam:GetServiceLinkedRoleDeletionStatus" ], "Resource": "arn:aws:iam::*:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch", "Condition": {"StringLike": {"iam:AWSServiceName": "batch.amazonaws.com"}} }
"""  # noqa: E501 - the document's own line


def _policy(*statements: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [json.loads(one) for one in statements]})


@pytest.fixture
def linked(iam: Any) -> dict[str, Any]:
    """Batch's service-linked role, as CreateServiceLinkedRole answers."""
    return dict(iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")["Role"])


def test_batchs_role_is_as_recorded(iam: Any, account: str, linked: dict[str, Any]) -> None:
    """slr.md 2, recorded: path, trust, session length, the one policy and nothing else.

    > A service-linked role is a unique type of IAM role that is linked directly to AWS Batch.
    > The AWSServiceRoleForBatch service-linked role trusts the batch.amazonaws.com service principal to
      assume the role.
    """
    path = "/aws-service-role/batch.amazonaws.com/"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "batch.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = iam.get_role(RoleName=BATCH)["Role"]
    assert role == {
        "Path": path,
        "RoleName": BATCH,
        "RoleId": linked["RoleId"],
        "Arn": f"arn:aws:iam::{account}:role{path}{BATCH}",
        "CreateDate": linked["CreateDate"],
        "AssumeRolePolicyDocument": trust,
        "MaxSessionDuration": 3600,
        "RoleLastUsed": {},
    }
    assert set(linked) == set(role) - {"MaxSessionDuration", "RoleLastUsed"}
    assert iam.list_role_policies(RoleName=BATCH)["PolicyNames"] == []
    attached = iam.list_attached_role_policies(RoleName=BATCH)["AttachedPolicies"]
    assert attached == [{"PolicyName": "BatchServiceRolePolicy", "PolicyArn": LINKED_POLICY}]
    assert iam.list_role_tags(RoleName=BATCH)["Tags"] == []


@pytest.mark.parametrize(
    ("principal", "name"),
    [
        ("batch.amazonaws.com", "AWSServiceRoleForBatch"),
        ("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling"),
        ("ecs.amazonaws.com", "AWSServiceRoleForECS"),
        ("spot.amazonaws.com", "AWSServiceRoleForEC2Spot"),
        ("spotfleet.amazonaws.com", "AWSServiceRoleForEC2SpotFleet"),
    ],
)
def test_every_linked_service_has_its_role(iam: Any, account: str, principal: str, name: str) -> None:
    """service-linked-roles.json, recorded for each of the five."""
    made = iam.create_service_linked_role(AWSServiceName=principal)["Role"]
    assert made["Arn"] == f"arn:aws:iam::{account}:role/aws-service-role/{principal}/{name}"
    assert len(iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]) == 1
    text = f"Service role name {name} has been taken in this account, please try a different suffix."
    answer = refused(iam.create_service_linked_role, AWSServiceName=principal)
    assert answer == ("InvalidInput", text, 400)


def test_description_and_suffix(iam: Any) -> None:
    """slr.md 2, recorded: `<RoleName>_<suffix>` for autoscaling, refused for batch also where the role exists."""
    suffixed = iam.create_service_linked_role(
        AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="mine", Description="why"
    )["Role"]
    assert suffixed["RoleName"] == "AWSServiceRoleForAutoScaling_mine"
    assert iam.get_role(RoleName=suffixed["RoleName"])["Role"]["Description"] == "why"
    iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    text = "Custom suffix is not allowed for batch.amazonaws.com"
    for _ in range(2):
        answer = refused(
            iam.create_service_linked_role, AWSServiceName="batch.amazonaws.com", CustomSuffix="x"
        )
        assert answer == ("InvalidInput", text, 400)
        if not iam.list_roles(PathPrefix="/aws-service-role/batch.amazonaws.com/")["Roles"]:
            iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")


def test_a_suffix_is_refused_for_every_service_but_three(iam: Any) -> None:
    """slr.md 2: recorded for 68 principals; the three are Auto Scaling, Connect and Lex."""
    having: list[str] = []
    for principal in templates.principals():
        template = templates.find(principal)
        assert template is not None
        if template.custom_suffix_allowed:
            having.append(principal)
            continue
        text = f"Custom suffix is not allowed for {principal}"
        answer = refused(iam.create_service_linked_role, AWSServiceName=principal, CustomSuffix="x")
        assert answer == ("InvalidInput", text, 400)
    assert having == ["autoscaling.amazonaws.com", "connect.amazonaws.com", "lexv2.amazonaws.com"]
    assert iam.list_roles()["Roles"] == []


def test_a_suffix_that_no_call_could_name_is_refused(iam: Any) -> None:
    """A suffix has up to 64 characters, a whole role name too (botocore's model)."""
    name = "AWSServiceRoleForAutoScaling_"
    longest = "x" * (64 - len(name))
    principal = "autoscaling.amazonaws.com"
    answer = refused(iam.create_service_linked_role, AWSServiceName=principal, CustomSuffix=longest + "x")
    assert answer[0] == "InvalidInput"
    iam.create_service_linked_role(AWSServiceName=principal, CustomSuffix=longest)
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == [name + longest]


def test_a_principal_without_a_role_is_refused(iam: Any) -> None:
    """`AccessDenied: Cannot find Service Linked Role template for …`, as people's logs have it."""
    text = "Cannot find Service Linked Role template for nothing.amazonaws.com"
    answer = refused(iam.create_service_linked_role, AWSServiceName="nothing.amazonaws.com")
    assert answer == ("AccessDenied", text, 403)


def test_creating_is_checked_on_the_role_to_be(iam: Any, account: str, user_client: Any) -> None:
    """slr.md 2 and iam-evaluation.md 6, recorded denial; AWSBatchFullAccess's own statement allows it (MAMIP).

    > You must configure permissions to allow an IAM entity (such as a user, group, or role) to create, edit,
      or delete a service-linked role.
    """
    arn = f"arn:aws:iam::{account}:role/aws-service-role/batch.amazonaws.com/{BATCH}"
    nobody = user_client("iam", None)
    code, text, status = refused(nobody.create_service_linked_role, AWSServiceName="batch.amazonaws.com")
    assert (code, status) == ("AccessDenied", 403)
    assert f"is not authorized to perform: iam:CreateServiceLinkedRole on resource: {arn} because" in text
    only = {"Condition": {"StringEquals": {"iam:AWSServiceName": "batch.amazonaws.com"}}}
    own = user_client("iam", allow("iam:CreateServiceLinkedRole", "arn:aws:iam::*:role/*Batch*", **only))
    answer = refused(own.create_service_linked_role, AWSServiceName="ecs.amazonaws.com")
    assert answer[0] == "AccessDenied"
    own.create_service_linked_role(AWSServiceName="batch.amazonaws.com")


def test_awss_policy_for_batchs_users_makes_batchs_role_and_passes_others(
    iam: Any, account: str, user: Any
) -> None:
    """slr.md 2: what AWSBatchFullAccess grants, as MAMIP keeps it."""
    made = user(None)
    iam.attach_user_policy(UserName=made["name"], PolicyArn="arn:aws:iam::aws:policy/AWSBatchFullAccess")

    def may(action: str, resource: str, **context: str) -> bool:
        key, value = next(iter(context.items()), ("AWSServiceName", "batch.amazonaws.com"))
        entry = {"ContextKeyName": f"iam:{key}", "ContextKeyValues": [value], "ContextKeyType": "string"}
        (result,) = iam.simulate_principal_policy(
            PolicySourceArn=made["arn"],
            ActionNames=[action],
            ResourceArns=[f"arn:aws:iam::{account}:{resource}"],
            ContextEntries=[entry],
        )["EvaluationResults"]
        return bool(result["EvalDecision"] == "allowed")

    linked = "role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
    create = "iam:CreateServiceLinkedRole"
    assert may(create, linked)
    assert not may(create, linked, AWSServiceName="ecs.amazonaws.com")
    assert not may(create, "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")
    passed = [
        "role/AWSBatchServiceRole",
        "role/service-role/AWSBatchServiceRole",
        "role/ecsInstanceRole",
        "instance-profile/ecsInstanceRole",
        "role/aws-ec2-spot-fleet-role",
        "role/AWSBatchJobRole-mine",
    ]
    assert [one for one in passed if not may("iam:PassRole", one)] == []
    assert not may("iam:PassRole", linked)


PROTECTED: list[tuple[str, dict[str, str]]] = [
    ("delete_role", {}),
    ("put_role_policy", {"PolicyName": "p", "PolicyDocument": allow("*")}),
    ("delete_role_policy", {"PolicyName": "p"}),
    ("attach_role_policy", {"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
    ("detach_role_policy", {"PolicyArn": LINKED_POLICY}),
    ("update_assume_role_policy", {"PolicyDocument": allow("*")}),
    ("put_role_permissions_boundary", {"PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
    ("delete_role_permissions_boundary", {}),
    ("add_role_to_instance_profile", {"InstanceProfileName": "profile"}),
    ("remove_role_from_instance_profile", {"InstanceProfileName": "profile"}),
]


@pytest.mark.parametrize(("operation", "request_"), PROTECTED, ids=[name for name, _ in PROTECTED])
def test_nobody_changes_it(
    iam: Any, linked: dict[str, Any], operation: str, request_: dict[str, str]
) -> None:
    """rebuy-de/aws-nuke#331, #441: for root too; each operation that lists UnmodifiableEntity (botocore).

    > With AWS Batch, you can't edit the AWSServiceRoleForBatch service-linked role.
    > You can't revoke the session for a service-linked role.
    """
    iam.create_instance_profile(InstanceProfileName="profile")
    text = (
        "Cannot perform the operation on the protected role 'AWSServiceRoleForBatch' - this role is only"
        " modifiable by AWS"
    )
    before = iam.get_role(RoleName=BATCH)["Role"]
    answer = refused(getattr(iam, operation), RoleName=BATCH, **request_)
    assert answer == ("UnmodifiableEntity", text, 400)
    assert iam.get_role(RoleName=BATCH)["Role"] == before
    attached = iam.list_attached_role_policies(RoleName=BATCH)["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [LINKED_POLICY]


def test_description_and_tags_are_editable_and_nothing_else(iam: Any, linked: dict[str, Any]) -> None:
    """The document's "Editing"; UpdateRole's MaxSessionDuration is refused [guess, slr.md 3].

    > After you create a service-linked role, you can't change the name of the role because various entities
      might reference the role.
    > However, you can edit the description of the role using IAM.
    """
    iam.update_role_description(RoleName=BATCH, Description="one")
    assert iam.get_role(RoleName=BATCH)["Role"]["Description"] == "one"
    iam.update_role(RoleName=BATCH, Description="two")
    iam.tag_role(RoleName=BATCH, Tags=[{"Key": "k", "Value": "v"}])
    answer = refused(iam.update_role, RoleName=BATCH, Description="three", MaxSessionDuration=7200)
    assert answer[0] == "UnmodifiableEntity"
    role = iam.get_role(RoleName=BATCH)["Role"]
    assert (role["Description"], role["Tags"]) == ("two", [{"Key": "k", "Value": "v"}])
    assert {name: role[name] for name in linked} == linked
    assert iam.list_role_tags(RoleName=BATCH)["Tags"] == role["Tags"]
    iam.untag_role(RoleName=BATCH, TagKeys=["k"])
    assert iam.list_role_tags(RoleName=BATCH)["Tags"] == []


def test_a_customers_role_may_have_the_name_first(iam: Any) -> None:
    """Role names are unique over all paths; an ordinary role of that name is no service-linked one."""
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "batch.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    )
    iam.create_role(RoleName=BATCH, AssumeRolePolicyDocument=trust)
    text = f"Service role name {BATCH} has been taken in this account, please try a different suffix."
    answer = refused(iam.create_service_linked_role, AWSServiceName="batch.amazonaws.com")
    assert answer == ("InvalidInput", text, 400)
    text = f"The role with name {BATCH} cannot be found."
    assert refused(iam.delete_service_linked_role, RoleName=BATCH) == ("NoSuchEntity", text, 404)
    iam.delete_role(RoleName=BATCH)


def test_nobody_but_batch_assumes_it(iam: Any, aws: Any, linked: dict[str, Any], user_client: Any) -> None:
    """The document, sentence by sentence:

    > AWS Batch defines the permissions of its service-linked roles, and unless defined otherwise, only AWS
      Batch can assume its roles.
    """
    for caller in (aws("sts"), user_client("sts", allow("sts:AssumeRole"))):
        code, _, status = refused(caller.assume_role, RoleArn=linked["Arn"], RoleSessionName="me")
        assert (code, status) == ("AccessDenied", 403)


def test_each_partition_has_its_own(aws: Any, account: str, linked: dict[str, Any]) -> None:
    """docs/decisions/0000: ARNs are the partition's, service principals stay amazonaws.com."""
    for partition, region in (("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")):
        other = aws("iam", region=region)
        assert refused(other.get_role, RoleName=BATCH)[0] == "NoSuchEntity"
        made = other.create_service_linked_role(AWSServiceName="batch.amazonaws.com")["Role"]
        path = "/aws-service-role/batch.amazonaws.com/"
        assert made["Arn"] == f"arn:{partition}:iam::{account}:role{path}{BATCH}"
        (attached,) = other.list_attached_role_policies(RoleName=BATCH)["AttachedPolicies"]
        assert attached["PolicyArn"] == LINKED_POLICY.replace("arn:aws:", f"arn:{partition}:")


@pytest.fixture(params=["user", "group", "role session"])
def holder(request: Any, iam: Any, user: Any, user_client: Any, signed: Any, assumed: Any) -> Any:
    """`holder(policy)`: an IAM client whose caller has the policy directly, by a group, or by its role."""

    def make(policy: str) -> Any:
        if request.param == "user":
            return user_client("iam", policy)
        if request.param == "role session":
            return assumed("iam", policy)
        made = user(None, name="member")
        iam.create_group(GroupName="holders")
        iam.put_group_policy(GroupName="holders", PolicyName="p", PolicyDocument=policy)
        iam.add_user_to_group(GroupName="holders", UserName="member")
        return signed("iam", made["key"], made["secret"])

    return make


def test_the_documents_first_statement_grants_editing_alone(
    iam: Any, linked: dict[str, Any], holder: Any
) -> None:
    """The document, "Editing a service-linked role", its statement verbatim.

    > You must configure permissions to allow an IAM entity (such as a user, group, or role) to create, edit,
      or delete a service-linked role.
    > To allow an IAM entity to edit the description of the AWSServiceRoleForBatch service-linked role
    > Add the following statement to the permissions policy.
    > This allows the IAM entity to edit the description of a service-linked role.
    """
    own = holder(_policy(MAY_EDIT))
    own.update_role_description(RoleName=BATCH, Description="edited")
    assert iam.get_role(RoleName=BATCH)["Role"]["Description"] == "edited"
    assert refused(own.update_role, RoleName=BATCH, Description="x")[0] == "AccessDenied"
    assert refused(own.delete_service_linked_role, RoleName=BATCH)[0] == "AccessDenied"
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    answer = refused(own.update_role_description, RoleName="AWSServiceRoleForECS", Description="x")
    assert answer[0] == "AccessDenied"


def test_the_documents_second_statement_grants_deleting_alone(
    iam: Any, linked: dict[str, Any], holder: Any, wait_for: Any
) -> None:
    """The document, "Deleting a service-linked role", its statement verbatim; also once the role is gone.

    > You must configure permissions to allow an IAM entity (such as a user, group, or role) to create, edit,
      or delete a service-linked role.
    > Add the following statement to the permissions policy.
    > To allow an IAM entity to delete the AWSServiceRoleForBatch service-linked role
    > This allows the IAM entity to delete a service-linked role.
    """
    own = holder(_policy(MAY_DELETE))
    assert refused(own.update_role_description, RoleName=BATCH, Description="x")[0] == "AccessDenied"
    assert refused(own.get_role, RoleName=BATCH)[0] == "AccessDenied"
    task = own.delete_service_linked_role(RoleName=BATCH)["DeletionTaskId"]

    def status() -> str:
        return str(own.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"])

    wait_for(lambda: status() == "SUCCEEDED")
    text = f"The role with name {BATCH} cannot be found."
    assert refused(own.delete_service_linked_role, RoleName=BATCH) == ("NoSuchEntity", text, 404)
    answer = refused(own.delete_service_linked_role, RoleName="AWSServiceRoleForECS")
    assert answer[0] == "AccessDenied"


def test_an_explicit_deny_wins(iam: Any, linked: dict[str, Any], holder: Any) -> None:
    deny = MAY_DELETE.replace('"Allow"', '"Deny"')
    own = holder(_policy(MAY_EDIT, MAY_DELETE, deny))
    own.update_role_description(RoleName=BATCH, Description="x")
    code, text, _ = refused(own.delete_service_linked_role, RoleName=BATCH)
    assert code == "AccessDenied"
    assert text.endswith("with an explicit deny in an identity-based policy")
    assert iam.get_role(RoleName=BATCH)["Role"]["RoleName"] == BATCH
