"""Write requirements-*.lock: the newest versions that pyproject.toml's bounds allow, resolved in a fresh venv each."""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    optional = [one for some in project["project"]["optional-dependencies"].values() for one in some]
    groups = project["dependency-groups"]
    wanted = [*project["project"]["dependencies"], *optional, *groups["dev"]]
    write("dev", wanted, "development and CI install")
    write("browser", groups["browser"], "the tests in a browser install besides")


def write(name: str, wanted: list[str], purpose: str) -> None:
    """One lock file."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([sys.executable, "-m", "venv", directory], check=True)
        pip = [f"{directory}/bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", *wanted], check=True)
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    head = f"# Written by `make lock`: what {purpose}.\n"
    (ROOT / f"requirements-{name}.lock").write_text(head + frozen)


if __name__ == "__main__":
    main()
