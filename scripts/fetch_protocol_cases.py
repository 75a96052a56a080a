"""Fetch botocore's source distribution, of the installed version, into .cache: the tests read its cases."""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import botocore

CACHE = Path(__file__).parent.parent / ".cache"


def main() -> None:
    name = f"botocore-{botocore.__version__}"
    if (CACHE / name / "tests").is_dir():
        return
    download = CACHE / "download"
    download.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    requirement = f"botocore=={botocore.__version__}"
    subprocess.run([*command, "--no-binary", "botocore", "--dest", str(download), requirement], check=True)
    with tarfile.open(next(download.glob("botocore-*.tar.gz"))) as archive:
        wanted = [member for member in archive.getmembers() if member.name.startswith(f"{name}/tests/unit/")]
        archive.extractall(CACHE, members=wanted, filter="data")
    shutil.rmtree(download)


if __name__ == "__main__":
    main()
