"""Every `sh` example in docs/ runs as printed, against a fresh server, and prints what the page says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from journeys.served import served

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(sh|output)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [
    path
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    if "```sh\n" in path.read_text()
]
MARK = "==== next example ===="


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_examples_of_a_page_print_what_it_says(page: Path) -> None:
    blocks = BLOCK.findall(page.read_text())
    scripts = [text for kind, text in blocks if kind == "sh"]
    expected: list[str] = []
    for kind, text in blocks:
        if kind == "sh":
            expected.append("")
        else:
            expected[-1] = text.strip()
    script = f"\necho '{MARK}'\n".join(["set -e\nexec 2>&1", *scripts])
    with served("--ephemeral") as server:
        done = subprocess.run(
            ["bash", "-c", script],
            env=server.environment(),
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
    printed = [part.strip() for part in done.stdout.split(MARK)][1:]
    assert done.returncode == 0, done.stdout
    for said, seen in zip(expected, printed, strict=True):
        pattern = re.escape(said).replace("…", ".*")
        assert re.fullmatch(pattern, seen, re.DOTALL), f"the page says:\n{said}\n\nprinted:\n{seen}"
