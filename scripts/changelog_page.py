"""CHANGELOG.md, from the fragments in changelog.d/: one sentence for users each, by topic."""

from __future__ import annotations

from pathlib import Path

from batchyard import __version__

ROOT = Path(__file__).parent.parent
HEAD = """# Changelog

Built from the fragments in `changelog.d/` by `make docs`; add a fragment, not a line here.
"""


def changelog_page() -> str:
    """The page: what is new since the last release, in the order of the topics' names."""
    fragments = sorted((ROOT / "changelog.d").glob("*.md"))
    lines = [f"- {' '.join(fragment.read_text().split())}" for fragment in fragments]
    return "\n".join([HEAD, f"## After {__version__}, not released", "", *lines, ""])
