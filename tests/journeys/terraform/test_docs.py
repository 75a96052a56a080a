"""The example of docs/terraform.md, run as printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from journeys.served import served
from journeys.terraform.left import left_in
from journeys.terraform.programs import Terraform, mirror

PAGE = Path(__file__).parents[3] / "docs/terraform.md"
BLOCK = re.compile(r"^```(hcl|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.terraform
@pytest.mark.timeout(300)
def test_the_example_does_what_the_page_says(tmp_path: Path, account: str) -> None:
    blocks = dict(BLOCK.findall(PAGE.read_text()))
    source = mirror()
    with served("--ephemeral") as server:
        before = left_in(server.endpoint, account)
        terraform = Terraform(tmp_path / "module", server.environment(key=account), source)
        (terraform.directory / "main.tf").write_text(blocks["hcl"])
        told = [terraform.run(*shlex.split(line)[1:]) for line in blocks["console"].splitlines()]
        assert told[3] == "jobs"
        assert left_in(server.endpoint, account) == before
