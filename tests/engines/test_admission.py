"""What starts next on a host: never more than it has, accounts in turn, the large ones in their turn, too."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from batchyard.engines.admission import PATIENCE_SECONDS, Admission, Held
from batchyard.engines.contract import Capacity, Group, TaskSpec
from engines.running import spec

GIB = 1024
HOST = Capacity(slots=8, vcpus=8, memory_mib=24 * GIB, gpus=2)


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def names(specs: list[TaskSpec]) -> list[str]:
    return [one.attempt for one in specs]


def many(prefix: str, count: int, *, account: str = "1", **limits: float) -> list[TaskSpec]:
    return [spec(f"{prefix}{number}", "true", account=account, **limits) for number in range(count)]


def gang(name: str, size: int, *, account: str = "1", **limits: float) -> list[TaskSpec]:
    """The members of a gang, `<name>-0` and so on."""
    return [
        spec(
            f"{name}-{index}",
            "true",
            account=account,
            group=Group(kind="gang", name=name, index=index, size=size),
            **limits,
        )
        for index in range(size)
    ]


def test_a_gang_waits_for_all_its_members_and_for_room_for_all() -> None:
    admission = Admission(HOST)
    members = gang("g", 5)
    assert admission.take(members[:3]) == []
    assert admission.waiting(names(members)) == {"g-0", "g-1", "g-2"}
    assert names(admission.take(many("a", 4))) == ["a0", "a1", "a2", "a3"]
    assert admission.take(members[2:]) == []
    assert names(admission.give_back(["a0"])) == [f"g-{index}" for index in range(5)]
    assert admission.waiting(names(members)) == set()


def test_two_gangs_of_which_each_has_come_in_half_do_not_hold_each_other_up() -> None:
    admission = Admission(HOST)
    one, other = gang("one", 6), gang("other", 6, account="2")
    assert admission.take([*one[:3], *other[:3]]) == []
    assert names(admission.take([*other[3:], *one[3:]])) == names(other)
    assert names(admission.give_back(names(other))) == names(one)


def test_a_gang_is_passed_for_a_while_only() -> None:
    clock = Clock()
    admission = Admission(HOST, now=clock)
    admission.take(many("a", 4))
    assert admission.take(gang("g", 8, account="2")) == []
    assert names(admission.take(many("b", 1, account="3"))) == ["b0"]
    clock.seconds = PATIENCE_SECONDS
    assert admission.take(many("c", 1, account="3")) == []
    assert admission.give_back(["a0", "a1", "a2", "a3"]) == []
    assert len(admission.give_back(["b0"])) == 8


def test_a_gang_whose_member_is_dropped_never_starts() -> None:
    admission = Admission(HOST)
    admission.take(many("a", 8))
    members = gang("g", 2)
    admission.take(members)
    assert admission.drop(["g-1"]) == ["g-1"]
    assert admission.give_back(["a0", "a1"]) == []
    assert names(admission.take(many("b", 1))) == ["b0"]
    assert admission.drop(["g-0"]) == ["g-0"]
    assert admission.take(members[:1]) == []
    assert admission.drop_account("1") == ["g-0"]


def test_what_an_earlier_server_left_of_a_gang_starts_at_once() -> None:
    """It had its room with the others; those may have ended while the rest is asked for again."""
    admission = Admission(HOST)
    admission.hold([Held(attempt="g-0", account="1", gang="g")])
    assert names(admission.take(gang("g", 3)[1:])) == ["g-1", "g-2"]
    admission.give_back(["g-0", "g-1", "g-2"])
    assert admission.take(gang("g", 3)[:1]) == []


def test_four_of_16_gib_never_start_at_once_on_24() -> None:
    admission = Admission(HOST)
    assert names(admission.take(many("a", 4, memory_mib=16 * GIB))) == ["a0"]
    for number in range(3):
        assert names(admission.give_back([f"a{number}"])) == [f"a{number + 1}"]
    assert admission.give_back(["a3"]) == []


def test_vcpus_and_gpus_count_likewise() -> None:
    assert names(Admission(HOST).take(many("a", 4, vcpus=3))) == ["a0", "a1"]
    assert names(Admission(HOST).take(many("a", 4, gpus=1))) == ["a0", "a1"]


def test_what_is_larger_than_the_host_runs_alone() -> None:
    admission = Admission(HOST)
    assert names(admission.take(many("small", 1, memory_mib=GIB))) == ["small0"]
    assert admission.take(many("huge", 2, memory_mib=999 * GIB, vcpus=64, gpus=8)) == []
    assert names(admission.give_back(["small0"])) == ["huge0"]
    assert admission.take(many("late", 1, memory_mib=1)) == []
    assert names(admission.give_back(["huge0"])) == ["huge1"]


def test_a_reservation_counts_where_there_is_one_and_else_the_limit() -> None:
    admission = Admission(HOST)
    reserved = many("a", 3, memory_mib=16 * GIB, reserved_mib=8 * GIB)
    assert names(admission.take(reserved)) == ["a0", "a1", "a2"]


def test_accounts_take_turns_whoever_came_first() -> None:
    admission = Admission(Capacity(slots=4, vcpus=4, memory_mib=GIB))
    assert names(admission.take(many("a", 10, account="1"))) == ["a0", "a1", "a2", "a3"]
    assert admission.take(many("b", 10, account="2")) == []
    started = [names(admission.give_back([f"a{number}"]))[0] for number in range(4)]
    assert started == ["b0", "b1", "a4", "a5"]


def test_the_large_one_is_passed_for_a_while_only() -> None:
    clock = Clock()
    admission = Admission(HOST, now=clock)
    admission.take(many("first", 1, account="1", memory_mib=16 * GIB))
    assert admission.take(many("large", 1, account="2", memory_mib=16 * GIB)) == []
    assert names(admission.take(many("small", 1, account="3", memory_mib=4 * GIB))) == ["small0"]
    clock.seconds = PATIENCE_SECONDS
    assert admission.take(many("late", 1, account="4", memory_mib=GIB)) == []
    assert names(admission.give_back(["first0"])) == ["large0", "late0"]


def test_what_an_earlier_server_started_holds_its_room() -> None:
    admission = Admission(HOST)
    admission.hold([Held(attempt="old", account="1", memory_mib=16 * GIB)])
    assert admission.take(many("a", 1, memory_mib=16 * GIB)) == []
    assert names(admission.give_back(["old"])) == ["a0"]


amounts = st.tuples(
    st.sampled_from("123"), st.floats(0, 12), st.integers(0, 40 * GIB), st.integers(0, 3), st.booleans()
)


@given(
    st.lists(st.tuples(st.sampled_from("123"), st.integers(1, 8)), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_gangs_in_any_order_all_start_whole(asked: list[tuple[str, int]], chance: random.Random) -> None:
    """Members come in any order, of several gangs at once; none starts in part, and all have started in the end."""
    admission = Admission(HOST, now=Clock())
    sizes = {f"g{number}": size for number, (_, size) in enumerate(asked)}
    members = [
        one
        for number, (account, size) in enumerate(asked)
        for one in gang(f"g{number}", size, account=account)
    ]
    chance.shuffle(members)
    running: list[str] = []
    begun: Counter[str] = Counter()
    while members or running:
        if members and (not running or chance.random() < 0.7):
            started = names(admission.take([members.pop()]))
        else:
            ended = {
                running.pop(chance.randrange(len(running))) for _ in range(chance.randint(1, len(running)))
            }
            started = names(admission.give_back(ended))
        running += started
        assert len(running) <= HOST.slots
        assert {
            sizes[name] - count for name, count in Counter(one.partition("-")[0] for one in started).items()
        } <= {0}
        begun.update(one.partition("-")[0] for one in started)
    assert begun == sizes


@given(st.lists(amounts, max_size=40))
def test_nothing_is_lost_and_the_host_is_never_overfull(
    asked: list[tuple[str, float, int, int, bool]],
) -> None:
    admission = Admission(HOST, now=Clock())
    running: dict[str, TaskSpec] = {}
    for number, (account, vcpus, memory, gpus, ends) in enumerate(asked):
        one = spec(
            f"a{number}", "true", account=account, vcpus=vcpus, memory_mib=memory, gpus=gpus, reserved_mib=0
        )
        running |= {new.attempt: new for new in admission.take([one])}
        _check(running)
        if ends and running:
            ended = next(iter(running))
            del running[ended]
            running |= {new.attempt: new for new in admission.give_back([ended])}
            _check(running)
    done = 0
    while running:
        ended = next(iter(running))
        del running[ended]
        done += 1
        running |= {new.attempt: new for new in admission.give_back([ended])}
        _check(running)
    assert admission.waiting(f"a{number}" for number in range(len(asked))) == set()


def _check(running: dict[str, TaskSpec]) -> None:
    assert len(running) <= HOST.slots
    if len(running) > 1:
        held = list(running.values())
        assert sum(int(min(one.vcpus, HOST.vcpus) * 1024) for one in held) <= HOST.vcpus * 1024
        assert sum(min(one.memory_mib, HOST.memory_mib) for one in held) <= HOST.memory_mib
        assert sum(min(one.gpus, HOST.gpus) for one in held) <= HOST.gpus
