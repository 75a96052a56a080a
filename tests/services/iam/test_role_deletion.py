"""Deleting service-linked roles: the task, its states, its reasons (issue 3, C.5; slr.md 4)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from batchyard.config import Settings
from batchyard.data import service_linked_roles as templates
from batchyard.framework.service import RoleUse, Service, ServiceLinkedRole
from batchyard.wire.facts import declared
from conftest import Serving
from services.iam.answers import EC2_TRUST, refused, without_metadata

BATCH = "AWSServiceRoleForBatch"
PRINCIPAL = "batch.amazonaws.com"
PACE = 100


def _client(serving: Serving, account: str = "123456789012") -> Any:
    return boto3.Session().client(
        "iam",
        endpoint_url=serving.endpoint,
        region_name="us-east-1",
        aws_access_key_id=account,
        aws_secret_access_key="test",
    )


@pytest.fixture
def slow() -> Iterator[Serving]:
    """A server of its own whose states last 100 s by a clock that only `advance` moves on."""
    one = Serving(Settings(ephemeral=True, port=0, pace=PACE, test_clock=True))
    yield one
    one.close()


def _delete(iam: Any, name: str = BATCH) -> str:
    return str(iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"])


def _status(iam: Any, task: str) -> dict[str, Any]:
    return without_metadata(iam.get_service_linked_role_deletion_status(DeletionTaskId=task))


def _advance(serving: Serving, seconds: float) -> None:
    clock: Any = serving.app.clock
    clock.advance(seconds)


def test_a_task_goes_through_its_states(slow: Serving, wait_for: Any) -> None:
    """NOT_STARTED → IN_PROGRESS → SUCCEEDED, and a SUCCEEDED answer has only Status (recorded: SNAP 2025).

    > Because the IAM service-linked role deletion is asynchronous, after you submit the role for deletion,
      the deletion task can succeed or fail.
    > The status of the deletion task can be NOT_STARTED, IN_PROGRESS, SUCCEEDED, or FAILED.
    """
    iam = _client(slow)
    iam.create_service_linked_role(AWSServiceName=PRINCIPAL)
    task = _delete(iam)
    assert re.fullmatch(rf"task/aws-service-role/{PRINCIPAL}/{BATCH}/[0-9a-f-]{{36}}", task)
    assert _status(iam, task) == {"Status": "NOT_STARTED"}
    assert _delete(iam) == task
    _advance(slow, PACE + 1)
    wait_for(lambda: _status(iam, task) == {"Status": "IN_PROGRESS"})
    assert _delete(iam) == task
    assert iam.get_role(RoleName=BATCH)["Role"]["RoleName"] == BATCH
    _advance(slow, PACE + 1)
    wait_for(lambda: _status(iam, task) == {"Status": "SUCCEEDED"})
    text = f"The role with name {BATCH} cannot be found."
    assert refused(iam.get_role, RoleName=BATCH) == ("NoSuchEntity", text, 404)
    assert refused(iam.delete_service_linked_role, RoleName=BATCH) == ("NoSuchEntity", text, 404)


def test_an_unused_role_is_gone_within_ten_seconds(wait_for: Any) -> None:
    """At the pace that servers have without settings (slr.md 4, recorded: SNAP 2025)."""
    own = Serving(Settings(ephemeral=True, port=0))
    try:
        iam = _client(own)
        iam.create_service_linked_role(AWSServiceName=PRINCIPAL)
        task = _delete(iam)
        wait_for(lambda: _status(iam, task) == {"Status": "SUCCEEDED"}, seconds=10)
    finally:
        own.close()


def test_a_task_can_be_read_for_thirty_days(slow: Serving, wait_for: Any) -> None:
    iam = _client(slow)
    iam.create_service_linked_role(AWSServiceName=PRINCIPAL)
    task = _delete(iam)
    _advance(slow, PACE + 1)
    wait_for(lambda: _status(iam, task)["Status"] == "IN_PROGRESS")
    _advance(slow, PACE + 1)
    wait_for(lambda: _status(iam, task)["Status"] == "SUCCEEDED")
    _advance(slow, 29 * 86400)
    wait_for(slow.app.driver.is_idle)
    assert _status(iam, task) == {"Status": "SUCCEEDED"}
    _advance(slow, 86400 + 1)

    def is_gone() -> bool:
        try:
            _status(iam, task)
        except iam.exceptions.NoSuchEntityException:
            return True
        return False

    wait_for(is_gone)


def test_recreated_it_is_another_role(iam: Any, wait_for: Any) -> None:
    """slr.md 4: RoleId changes on recreation; the old task stays readable.

    > If you delete this service-linked role, and then need to create it again, you can use the same process
      to recreate the role in your account.
    """
    first = iam.create_service_linked_role(AWSServiceName=PRINCIPAL)["Role"]
    task = _delete(iam)
    wait_for(lambda: _status(iam, task)["Status"] == "SUCCEEDED")
    second = iam.create_service_linked_role(AWSServiceName=PRINCIPAL)["Role"]
    assert (second["Arn"], second["RoleName"]) == (first["Arn"], first["RoleName"])
    assert second["RoleId"] != first["RoleId"]
    assert _status(iam, task) == {"Status": "SUCCEEDED"}
    again = _delete(iam)
    assert again != task
    wait_for(lambda: _status(iam, again)["Status"] == "SUCCEEDED")


@pytest.fixture
def in_use(app: Any) -> Iterator[tuple[str, Callable[[list[RoleUse]], None]]]:
    """A linked service of the test's own: its principal, and how to say where its role is in use."""
    taken = {role.principal for service in app.services.values() for role in service.linked_roles}
    principal = next(one for one in templates.principals() if one not in taken)
    uses: list[RoleUse] = []
    asked: list[tuple[str, str, str]] = []

    def ask(tx: Any, partition: str, account: str, role_arn: str) -> list[RoleUse]:
        asked.append((partition, account, role_arn))
        return list(uses)

    name = f"test-{secrets.token_hex(4)}"
    linked = ServiceLinkedRole(principal, session_name="session", in_use=ask)
    # With IAM's model, as one must be; what the wire and the audit know of IAM stays as it is.
    app.runtime.services[name] = Service(
        "iam",
        principal=principal,
        title=name,
        prefix=name,
        linked_roles=[linked],
        wire=declared()["iam"],
    )

    def say(where: list[RoleUse]) -> None:
        uses[:] = where

    yield principal, say
    del app.runtime.services[name]
    assert asked
    assert {partition for partition, _, _ in asked} == {"aws"}


def test_a_role_in_use_stays_and_the_task_says_where(iam: Any, in_use: Any, wait_for: Any) -> None:
    """The document: FAILED with the reason and the resources; cleaned up and submitted again it succeeds.

    > Because the IAM service-linked role deletion is asynchronous, after you submit the role for deletion,
      the deletion task can succeed or fail.
    > The status of the deletion task can be NOT_STARTED, IN_PROGRESS, SUCCEEDED, or FAILED.
    > If the deletion fails, the call returns the reason that it failed so that you can troubleshoot.
    > If the deletion fails because the role is using the service's resources, then the notification includes
      a list of resources, if the service returns that information.
    > You can then clean up the resources and submit the deletion again.
    """
    principal, say = in_use
    name = iam.create_service_linked_role(AWSServiceName=principal)["Role"]["RoleName"]
    say([RoleUse("eu-west-1", ("arn:one", "arn:two")), RoleUse("us-east-1", ("arn:three",))])
    task = _delete(iam, name)
    wait_for(lambda: _status(iam, task)["Status"] == "FAILED")
    reason = _status(iam, task)["Reason"]
    assert reason["RoleUsageList"] == [
        {"Region": "eu-west-1", "Resources": ["arn:one", "arn:two"]},
        {"Region": "us-east-1", "Resources": ["arn:three"]},
    ]
    assert 0 < len(reason["Reason"]) <= 1000
    assert iam.get_role(RoleName=name)["Role"]["RoleName"] == name
    say([])
    second = _delete(iam, name)
    assert second != task
    wait_for(lambda: _status(iam, second) == {"Status": "SUCCEEDED"})
    assert _status(iam, task)["Status"] == "FAILED"


def test_what_is_left_is_told_at_the_next_try(iam: Any, in_use: Any, wait_for: Any) -> None:
    """The document, sentence by sentence:

    > A service might return all of the resources, a few of them, or it might not report any resources.
    > You might have to repeat this process several times, depending on the information that the service
      returns.
    > For example, your service-linked role might use six resources and your service might return information
      about five of them.
    > If you clean up the five resources and submit the role for deletion again, the deletion fails and the
      service reports the one remaining resource.
    > A service might return all of the resources, a few of them.
    > Or, it might not report any resources.
    """
    principal, say = in_use
    name = iam.create_service_linked_role(AWSServiceName=principal)["Role"]["RoleName"]
    six = [f"arn:{number}" for number in range(6)]
    answers = [
        RoleUse("us-east-1", tuple(six[:5])),
        RoleUse("us-east-1", (six[5],)),
        RoleUse("us-east-1", ()),
    ]
    for use in answers:
        say([use])
        task = _delete(iam, name)
        wait_for(lambda task=task: _status(iam, task)["Status"] == "FAILED")
        (told,) = _status(iam, task)["Reason"]["RoleUsageList"]
        assert (told["Region"], told.get("Resources", [])) == ("us-east-1", list(use.resources))
    say([])
    last = _delete(iam, name)
    wait_for(lambda: _status(iam, last) == {"Status": "SUCCEEDED"})


def test_the_use_is_asked_when_the_role_goes_not_when_asked_for(iam: Any, in_use: Any, wait_for: Any) -> None:
    """docs/decisions/0000: the final check and the deletion are one write transaction."""
    principal, say = in_use
    name = iam.create_service_linked_role(AWSServiceName=principal)["Role"]["RoleName"]
    task = _delete(iam, name)
    say([RoleUse("us-east-1", ("arn:late",))])
    wait_for(lambda: _status(iam, task)["Status"] in ("FAILED", "SUCCEEDED"))
    assert _status(iam, task)["Status"] == "FAILED"


def test_ids_that_are_no_tasks(iam: Any, user_client: Any) -> None:
    """slr.md 4: malformed → InvalidInput, well-formed but unknown → NoSuchEntity; denied before either is told."""
    read = iam.get_service_linked_role_deletion_status
    unknown = f"task/aws-service-role/{PRINCIPAL}/{BATCH}/00000000-0000-4000-8000-000000000000"
    assert refused(read, DeletionTaskId=unknown)[::2] == ("NoSuchEntity", 404)
    for malformed in ("x", "task/role", unknown + "0", unknown.replace("task/", "")):
        assert refused(read, DeletionTaskId=malformed)[::2] == ("InvalidInput", 400)
    nobody = user_client("iam", None)
    code, text, _ = refused(nobody.get_service_linked_role_deletion_status, DeletionTaskId=unknown)
    assert code == "AccessDenied"
    assert f":role/aws-service-role/{PRINCIPAL}/{BATCH} because" in text


def test_an_ordinary_role_is_not_found(iam: Any) -> None:
    """[guess] slr.md 4."""
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=EC2_TRUST)
    text = "The role with name mine cannot be found."
    assert refused(iam.delete_service_linked_role, RoleName="mine") == ("NoSuchEntity", text, 404)


def test_accounts_do_not_see_each_others_tasks(iam: Any, serving: Serving) -> None:
    iam.create_service_linked_role(AWSServiceName=PRINCIPAL)
    task = _delete(iam)
    other = _client(serving, "999999999999")
    assert refused(other.get_service_linked_role_deletion_status, DeletionTaskId=task)[0] == "NoSuchEntity"


def test_a_restart_goes_on_with_the_task(tmp_path: Any, wait_for: Any) -> None:
    settings = Settings(data_dir=tmp_path, port=0, pace=0.5)
    first = Serving(settings)
    try:
        iam = _client(first)
        iam.create_service_linked_role(AWSServiceName=PRINCIPAL)
        task = _delete(iam)
    finally:
        first.close()
    second = Serving(settings)
    try:
        iam = _client(second)
        wait_for(lambda: _status(iam, task) == {"Status": "SUCCEEDED"})
        assert refused(iam.get_role, RoleName=BATCH)[0] == "NoSuchEntity"
    finally:
        second.close()
