"""Write src/batchyard/data/instance_types.json: what DescribeInstanceTypes of EC2 says of every instance type.

Source: the answers of DescribeInstanceTypes that the PyPI package moto (Apache-2.0) carries; only facts are taken:
vCPUs, memory, GPUs, architecture, generation. An older release adds the types that AWS no longer lists.

    python scripts/generate_instance_types.py [--version 5.2.5] [--older 4.0.0]
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src" / "batchyard" / "data" / "instance_types.json"
MEMBER = "moto/ec2/resources/instance_types.json"


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--version", default="5.2.5")
    arguments.add_argument("--older", default="4.0.0")
    given = arguments.parse_args()
    newer, date = fetch(given.version)
    older, older_date = fetch(given.older)
    retired = sorted(older.keys() - newer.keys())
    rows = {name: row(answer) for name, answer in {**older, **newer}.items()}
    for name in retired:
        rows[name][-1] = False
    about = {
        "what": "instance type: vCPUs, memory in MiB, GPUs, architecture, is it of the current generation",
        "source": f"EC2's DescribeInstanceTypes as carried by the PyPI package moto {given.version} of {date} "
        f"(Apache-2.0); {len(retired)} types that it no longer has as of moto {given.older} of {older_date}",
        "generated_by": "scripts/generate_instance_types.py",
    }
    lines = ",\n".join(
        f"{json.dumps(name)}:{json.dumps(rows[name])}" for name in sorted(rows, key=order(rows))
    )
    TARGET.write_text(f'{{"about":{json.dumps(about)},\n"types":{{\n{lines}\n}}}}\n')


def fetch(version: str) -> tuple[dict[str, Any], str]:
    """The types of one release of moto, by name, and the day it was packed."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", directory, f"moto=={version}"],
            check=True,
        )
        with zipfile.ZipFile(next(Path(directory).glob("*.whl"))) as wheel:
            name = next(each for each in (f"{MEMBER}.gz", MEMBER) if each in wheel.namelist())
            content = wheel.read(name)
            year, month, day = wheel.getinfo(name).date_time[:3]
    text = gzip.decompress(content) if name.endswith(".gz") else content
    return dict(json.loads(text)), f"{year}-{month:02}-{day:02}"


def row(answer: dict[str, Any]) -> list[Any]:
    architectures = answer["ProcessorInfo"]["SupportedArchitectures"]
    return [
        answer["VCpuInfo"]["DefaultVCpus"],
        answer["MemoryInfo"]["SizeInMiB"],
        sum(gpu["Count"] for gpu in answer.get("GpuInfo", {}).get("Gpus", [])),
        "x86_64" if "x86_64" in architectures else architectures[0],
        answer["CurrentGeneration"],
    ]


def order(rows: dict[str, list[Any]]) -> Any:
    """By family, and within it from small to large."""
    return lambda name: (name.partition(".")[0], rows[name][0], rows[name][1], name)


if __name__ == "__main__":
    main()
