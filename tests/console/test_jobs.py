"""From an empty account to a job's log by clicks; a wizard that is reloaded; an array; a page that says nothing serious
to axe-core."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import EXECUTION_POLICY
from console.marks import CONSOLE

pytestmark = CONSOLE
AXE = Path(__file__).parents[2] / "console/node_modules/axe-core/axe.min.js"


@pytest.fixture
def execution_role(aws: Callable[..., Any]) -> str:
    iam = aws("iam")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    role = iam.create_role(RoleName="execution", AssumeRolePolicyDocument=document)["Role"]
    iam.attach_role_policy(RoleName="execution", PolicyArn=EXECUTION_POLICY)
    arn: str = role["Arn"]
    return arn


def choose(page: Any, label: str, option: str) -> None:
    page.get_by_role("button", name=re.compile(f"^{label}")).click()
    page.get_by_role("option", name=re.compile(re.escape(option))).first.click()


def test_a_newcomer_runs_a_job_and_follows_its_log(as_root: Any, execution_role: str) -> None:
    page = as_root
    page.get_by_role("button", name="Create compute environment").click()
    page.get_by_label("Name", exact=True).fill("one")
    page.reload()
    assert page.get_by_label("Name", exact=True).input_value() == "one"
    page.get_by_role("button", name="Create compute environment").click()
    page.get_by_role("row").filter(has_text="one").get_by_text("VALID").wait_for()

    pane = page.get_by_role("navigation", name="Navigation pane")
    pane.get_by_role("link", name="Job queues").click()
    page.get_by_role("button", name="Create job queue").click()
    page.get_by_label("Name", exact=True).fill("queue")
    choose(page, "Connected compute environments", "one")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Create job queue").click()
    page.get_by_role("row").filter(has_text="queue").get_by_text("VALID").wait_for()

    pane.get_by_role("link", name="Job definitions").click()
    page.get_by_role("button", name="Create job definition").click()
    page.get_by_label("Name", exact=True).fill("work")
    page.get_by_label("Image").fill("busybox")
    page.get_by_label("Command").fill(
        '["sh", "-c", "echo begun; for i in 1 2 3; do sleep 1; echo line $i; done"]'
    )
    page.get_by_label("Execution role").fill(execution_role)
    page.get_by_role("button", name="Create job definition").click()
    page.get_by_role("checkbox", name="work:1").check()
    page.get_by_role("button", name="Submit new job").click()
    page.get_by_label("Name", exact=True).fill("hello")
    choose(page, "Job queue", "queue")
    page.get_by_role("button", name="Submit job").click()

    page.get_by_role("heading", name="hello").wait_for()
    lines = page.get_by_role("log", name="Log lines")
    lines.get_by_text("begun").wait_for()
    assert lines.get_by_text("line 3").count() == 0
    lines.get_by_text("line 3").wait_for()
    page.get_by_text("SUCCEEDED").first.wait_for()
    page.get_by_label("Keywords").fill("line 2")
    lines.get_by_text("begun").wait_for(state="detached")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert Path(download.value.path()).read_text() == "begun\nline 1\nline 2\nline 3\n"


@pytest.mark.parametrize(
    "path",
    [
        "batch/dashboard",
        "batch/compute-environments",
        "batch/compute-environments/create",
        "batch/job-queues",
        "batch/job-definitions/create",
        "batch/jobs/submit",
        "iam/roles",
        "iam/roles/AWSServiceRoleForBatch",
        "iam/users",
        "iam/policies",
        "cloudtrail/events",
        "cloudwatch/log-groups",
    ],
)
def test_axe_finds_nothing_serious(
    as_root: Any, console: str, environment: Callable[..., None], path: str
) -> None:
    environment("one")
    page = as_root
    page.goto(f"{console}/{path}")
    page.get_by_role("heading", level=1).first.wait_for()
    page.wait_for_load_state("networkidle")
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in serious] == []
