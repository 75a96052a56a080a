"""A creation racing a deletion never leaves an environment with a deleted role (issue 3, C.5; docs/decisions/0000).

Each side is cut into its steps. Deletion: asked for (1), IN_PROGRESS (2), checked and concluded (3). Creation:
admitted on its snapshot (r), written (w), built as the role (b). Every order of the six is forced.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from batchyard.framework.errors import ApiError
from services.iam.undriven import Begun, Owner, Undriven

NAME = "AWSServiceRoleForBatch"
PRINCIPAL = "batch.amazonaws.com"
DELETION, COMPUTE = "iam.role_deletion", "batch.compute"


def _orders(deletion: str, creation: str) -> list[str]:
    places = itertools.combinations(range(len(deletion) + len(creation)), len(deletion))
    orders = []
    for chosen in places:
        first, second = iter(deletion), iter(creation)
        length = len(deletion) + len(creation)
        orders.append("".join(next(first if one in chosen else second) for one in range(length)))
    return orders


ORDERS = _orders("123", "rwb")


@pytest.fixture(scope="module")
def undriven() -> Iterator[Undriven]:
    one = Undriven()
    yield one
    one.close()


@pytest.fixture
def owner(undriven: Undriven) -> Owner:
    return undriven.account()


class Race:
    """The steps of both sides, in an account that has the role."""

    def __init__(self, owner: Owner, *, explicit: bool, region: str = "eu-west-1") -> None:
        self.owner = owner
        self.region = region
        role = owner.invoke("iam", "CreateServiceLinkedRole", AWSServiceName=PRINCIPAL)["Role"]
        self.first_id, self.role_arn = role["RoleId"], role["Arn"]
        self.request = environment(owner, region=region)
        if explicit:
            self.request["serviceRole"] = self.role_arn
        self.task = ""
        self._creation: Begun | None = None

    def go(self, step: str) -> None:
        if step == "1":
            self.task = self.owner.invoke("iam", "DeleteServiceLinkedRole", RoleName=NAME)["DeletionTaskId"]
        elif step in "23":
            self.owner.step(DELETION, self.task)
        elif step == "r":
            self._creation = self.owner.undriven.begin(self.create)
        elif step == "w":
            assert self._creation is not None
            self._creation.finish()
        else:
            self.owner.step(COMPUTE, "one", region=self.region)

    def create(self) -> Any:
        return self.owner.invoke("batch", "CreateComputeEnvironment", region=self.region, **self.request)

    def status(self) -> dict[str, Any]:
        return self.owner.invoke("iam", "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=self.task)

    def shown(self) -> Any:
        return described(self.owner, "one", region=self.region)

    def role_id(self) -> str | None:
        return role_id(self.owner)


def role_id(owner: Owner) -> str | None:
    try:
        return str(owner.invoke("iam", "GetRole", RoleName=NAME)["Role"]["RoleId"])
    except ApiError as error:
        if error.code != "NoSuchEntity":
            raise
        return None


def environment(owner: Owner, name: str = "one", **where: str) -> dict[str, Any]:
    subnets = owner.invoke("ec2", "DescribeSubnets", **where)["Subnets"]
    groups = owner.invoke("ec2", "DescribeSecurityGroups", **where)["SecurityGroups"]
    resources = {
        "type": "FARGATE",
        "maxvCpus": 4,
        "subnets": [subnets[0]["SubnetId"]],
        "securityGroupIds": [groups[0]["GroupId"]],
    }
    return {"computeEnvironmentName": name, "type": "MANAGED", "computeResources": resources}


def described(owner: Owner, name: str, **where: str) -> Any:
    answer = owner.invoke("batch", "DescribeComputeEnvironments", computeEnvironments=[name], **where)
    return answer["computeEnvironments"][0]


@pytest.mark.parametrize("order", ORDERS)
def test_a_quiet_creation_always_has_its_role(owner: Owner, order: str) -> None:
    """The row comes first: the task fails and says where. The deletion comes first: the role is made anew."""
    race = Race(owner, explicit=False)
    for step in order:
        race.go(step)
    assert race.shown()["serviceRole"] == race.role_arn
    race.go("b")
    assert race.shown()["status"] == "VALID"
    if order.index("w") < order.index("3"):
        answer = race.status()
        assert answer["Status"] == "FAILED"
        arn = f"arn:aws:batch:eu-west-1:{owner.account}:compute-environment/one"
        assert answer["Reason"]["RoleUsageList"] == [{"Region": "eu-west-1", "Resources": [arn]}]
        assert race.role_id() == race.first_id
    else:
        assert race.status() == {"Status": "SUCCEEDED"}
        assert race.role_id() not in (None, race.first_id)


@pytest.mark.parametrize("order", ORDERS)
def test_a_creation_with_the_arn_keeps_the_role_or_says_that_it_is_gone(owner: Owner, order: str) -> None:
    race = Race(owner, explicit=True)
    for step in order:
        race.go(step)
    race.go("b")
    if order.index("w") < order.index("3"):
        assert race.status()["Status"] == "FAILED"
        assert race.role_id() == race.first_id
        assert race.shown()["status"] == "VALID"
    else:
        assert race.status() == {"Status": "SUCCEEDED"}
        assert race.role_id() is None
        assert race.shown()["status"] == "INVALID"
        assert "not authorized to perform: sts:AssumeRole" in race.shown()["statusReason"]


@pytest.mark.parametrize("creation_first", [True, False])
def test_both_in_one_commit(undriven: Undriven, owner: Owner, wait_for: Any, creation_first: bool) -> None:
    """Two writes that arrive together share a transaction: still one of them comes first."""
    race = Race(owner, explicit=False)
    race.go("1")
    race.go("2")
    creation = undriven.begin(race.create)
    conclusion = undriven.begin(lambda: race.go("3"))
    with undriven.one_group():
        for number, one in enumerate([creation, conclusion] if creation_first else [conclusion, creation]):
            one.release()
            wait_for(lambda wanted=number + 1: undriven.queued() == wanted)
    creation.finish()
    conclusion.finish()
    race.go("b")
    assert race.status()["Status"] == ("FAILED" if creation_first else "SUCCEEDED")
    assert (race.role_id() == race.first_id) is creation_first
    assert race.shown()["status"] == "VALID"


def test_a_creation_that_is_undone_does_not_count(undriven: Undriven, owner: Owner) -> None:
    """The role that a refused creation would have needed is not kept for it, nor made by it."""
    race = Race(owner, explicit=False)
    race.go("1")
    race.go("2")
    race.request["type"] = "UNMANAGED"
    creation = undriven.begin(race.create)
    race.go("3")
    with pytest.raises(ApiError):
        creation.finish()
    assert race.status() == {"Status": "SUCCEEDED"}
    assert race.role_id() is None


@pytest.mark.parametrize("order", _orders("123", "xy"))
def test_an_environments_end_races_the_deletion(owner: Owner, order: str) -> None:
    """x: its deletion is asked for; y: its row goes. Until then the role is in use.

    > If the role is being used, then you must wait for the session to end before you can delete the role.
    """
    race = Race(owner, explicit=False)
    for step in "rwb":
        race.go(step)
    where = {"region": race.region}
    owner.invoke("batch", "UpdateComputeEnvironment", computeEnvironment="one", state="DISABLED", **where)
    race.go("b")
    for step in order:
        if step == "x":
            owner.invoke("batch", "DeleteComputeEnvironment", computeEnvironment="one", **where)
        elif step == "y":
            owner.step(COMPUTE, "one", **where)
        else:
            race.go(step)
    left = owner.invoke("batch", "DescribeComputeEnvironments", **where)["computeEnvironments"]
    assert left == []
    is_kept = order.index("3") < order.index("y")
    assert race.status()["Status"] == ("FAILED" if is_kept else "SUCCEEDED")
    assert race.role_id() == (race.first_id if is_kept else None)


@pytest.mark.slow
def test_two_hundred_random_rounds(undriven: Undriven) -> None:
    """Creations in several Regions and deletions at the same time, as the threads fall."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(200):
        _random_round(undriven.account(), chance)


def _random_round(owner: Owner, chance: random.Random) -> None:
    regions = chance.sample(["us-east-1", "eu-west-1", "ap-northeast-1", "sa-east-1"], k=3)
    requests = {region: environment(owner, region=region) for region in regions}
    owner.invoke("iam", "CreateServiceLinkedRole", AWSServiceName=PRINCIPAL)
    start = threading.Barrier(len(regions) + 1)
    statuses: list[str] = []
    pauses = {region: chance.random() * 0.01 for region in regions}
    pause = chance.random() * 0.005

    def create(region: str) -> None:
        start.wait(20)
        threading.Event().wait(pauses[region])
        owner.invoke("batch", "CreateComputeEnvironment", region=region, **requests[region])

    def take_away() -> None:
        start.wait(20)
        threading.Event().wait(pause)
        task = owner.invoke("iam", "DeleteServiceLinkedRole", RoleName=NAME)["DeletionTaskId"]
        owner.step(DELETION, task)
        owner.step(DELETION, task)
        status = owner.invoke("iam", "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)
        statuses.append(status["Status"])

    threads = [threading.Thread(target=create, args=(region,)) for region in regions]
    threads.append(threading.Thread(target=take_away))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses in (["SUCCEEDED"], ["FAILED"])
    assert role_id(owner) is not None
    for region in regions:
        owner.step(COMPUTE, "one", region=region)
        assert described(owner, "one", region=region)["status"] == "VALID"
