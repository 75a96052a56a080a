"""Every `sh` example in docs/ runs as printed, in a fresh account, and prints what the page says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.warm_aws import warm_aws
from journeys.served import Served, served

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(sh|output)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [
    path
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    if "```sh\n" in path.read_text()
]
MARK = "==== next example ===="


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served("--ephemeral") as one:
        yield one


@pytest.fixture(scope="module")
def quickstarted() -> Iterator[Served]:
    """The server of the README's reader."""
    with served("--ephemeral", "--quickstart") as one:
        yield one


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with warm_aws(tmp_path_factory.mktemp("aws")) as directory:
        yield directory


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_examples_of_a_page_print_what_it_says(
    page: Path, request: pytest.FixtureRequest, commands: Path, account: str
) -> None:
    blocks = BLOCK.findall(page.read_text())
    readme = page.name == "README.md"
    server: Served = request.getfixturevalue("quickstarted" if readme else "server")
    # A page that prints the account's number speaks of the one that is there without settings.
    environment = server.environment(
        key="test" if readme or "::000000000000:" in page.read_text() else account
    )
    environment["PATH"] = f"{commands}:{environment['PATH']}"
    scripts = [text for kind, text in blocks if kind == "sh"]
    expected: list[str] = []
    for kind, text in blocks:
        if kind == "sh":
            expected.append("")
        else:
            expected[-1] = text.strip()
    script = f"\necho '{MARK}'\n".join(["set -e\nexec 2>&1", *scripts])
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=110, check=False
    )
    printed = [part.strip() for part in done.stdout.split(MARK)][1:]
    assert done.returncode == 0, done.stdout
    for said, seen in zip(expected, printed, strict=True):
        pattern = re.escape(said).replace("…", ".*")
        assert re.fullmatch(pattern, seen, re.DOTALL), f"the page says:\n{said}\n\nprinted:\n{seen}"
