"""The parts of ECS without a store: batches of log events, user data, overrides, sizes."""

from __future__ import annotations

import base64
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchyard.framework.errors import ApiError
from batchyard.services.ecs.clusters.user_data import cluster_of
from batchyard.services.ecs.definitions.task_sizes import (
    check_fargate,
    cpu_units,
    gpu_count,
    memory_mib,
    task_size,
)
from batchyard.services.ecs.tasks import log_delivery
from batchyard.services.ecs.tasks.log_delivery import EVENT_OVERHEAD_BYTES, LARGEST_BATCH_BYTES, batches
from batchyard.services.ecs.tasks.task_overrides import overridden

NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)


@given(st.lists(st.tuples(st.integers(0, 2**40), st.integers(1, 262_000)), max_size=30))
def test_batches_keep_every_event_in_order_and_within_the_limit(shapes: list[tuple[int, int]]) -> None:
    events = [(moment, "é" * (length // 2) + "x") for moment, length in shapes]
    cut = list(batches(events))
    assert [event for batch in cut for event in batch] == events
    for batch in cut:
        assert batch
        size = sum(len(line.encode()) + EVENT_OVERHEAD_BYTES for _, line in batch)
        assert size <= LARGEST_BATCH_BYTES


def test_batches_have_at_most_ten_thousand_events() -> None:
    assert [len(batch) for batch in batches([(0, "x")] * 20_001)] == [10_000, 10_000, 1]


@given(NAMES, st.booleans())
def test_the_cluster_is_found_in_scripts_and_in_mime(name: str, is_mime: bool) -> None:
    script = f"#!/bin/bash\necho ECS_CLUSTER={name} >> /etc/ecs/ecs.config\n"
    text = script
    if is_mime:
        message = MIMEMultipart()
        message.attach(MIMEText("#cloud-config\n", "cloud-config"))
        message.attach(MIMEText(script, "x-shellscript", "utf-8"))
        text = message.as_string()
    assert cluster_of(base64.b64encode(text.encode()).decode()) == name


@given(st.text(max_size=200))
def test_other_user_data_names_no_cluster(text: str) -> None:
    assert cluster_of(base64.b64encode(text.replace("ECS_CLUSTER", "").encode()).decode()) is None
    assert cluster_of(None) is None
    if "ECS_CLUSTER" not in text:
        cluster_of(text)


@pytest.mark.parametrize(
    ("text", "units"), [("256", 256), (".25 vCPU", 256), ("1 vcpu", 1024), ("16 vCPU", 16384)]
)
def test_cpu_units(text: str, units: int) -> None:
    assert cpu_units(text) == units


@pytest.mark.parametrize(("text", "mib"), [("512", 512), ("0.5GB", 512), ("30 GB", 30720)])
def test_memory_mib(text: str, mib: int) -> None:
    assert memory_mib(text) == mib


def test_sizes_that_are_none() -> None:
    for read in (cpu_units, memory_mib):
        with pytest.raises(ApiError, match="Invalid"):
            read("much")
    with pytest.raises(ApiError, match="No Fargate configuration exists"):
        check_fargate(256, 4096)
    check_fargate(16384, 122880)


def test_overrides_replace_the_command_and_merge_the_environment() -> None:
    container = {
        "name": "a",
        "command": ["x"],
        "cpu": 1,
        "memory": 8,
        "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
    }
    change = {"name": "a", "command": ["y"], "environment": [{"name": "B", "value": "3"}], "cpu": 512}
    overrides = {"containerOverrides": [change, {"name": "other", "command": ["z"]}]}
    result = overridden(container, overrides)
    assert result["command"] == ["y"]
    assert result["environment"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}]
    assert container["command"] == ["x"]
    assert task_size({"containerDefinitions": [container]}, overrides) == (512, 8)
    gpu = {"containerOverrides": [{"name": "a", "resourceRequirements": [{"type": "GPU", "value": "2"}]}]}
    assert gpu_count({"containerDefinitions": [container]}, gpu) == 2


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"awslogs-stream-prefix": "jd"}, "jd/default/t"),
        ({}, "t"),
    ],
)
def test_stream_names(options: dict[str, str], name: str) -> None:
    logging = {"options": {"awslogs-group": "/g", "awslogs-region": "eu-west-1", **options}}
    document = {
        "containerDefinitions": [{"name": "default", "logConfiguration": logging}, {"name": "silent"}]
    }
    streams = log_delivery.Stream.all_of(document, "t")
    assert list(streams) == ["default"]
    stream = streams["default"]
    assert (stream.group, stream.name, stream.region) == ("/g", name, "eu-west-1")
