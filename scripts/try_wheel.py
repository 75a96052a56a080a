"""Install the built wheel into an empty environment elsewhere, start the server, and ask it who I am."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent

ASK = """
import sys
import botocore.session
client = botocore.session.Session().create_client("sts", endpoint_url=sys.argv[1], region_name="us-east-1",
    aws_access_key_id="test", aws_secret_access_key="test")
print(client.get_caller_identity()["Arn"])
"""


def main() -> None:
    wheel = next((ROOT / "dist").glob("batchyard-*.whl"))
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([sys.executable, "-m", "venv", f"{directory}/venv"], check=True)
        python = f"{directory}/venv/bin/python"
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, str(wheel)], check=True)
        environment = {"PATH": os.environ["PATH"], "HOME": directory}
        command = [f"{directory}/venv/bin/batchyard", "serve", "--port", "0", "--output", "json"]
        server = subprocess.Popen(
            [*command, "--data-dir", f"{directory}/data"],
            cwd=directory,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            ready = json.loads((server.stdout or sys.stdin).readline())
            asked = subprocess.run(
                [python, "-c", ASK, ready["endpoint"]],
                cwd=directory,
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            )
            if asked.stdout.strip() != "arn:aws:iam::000000000000:root":
                raise SystemExit(f"the installed wheel answered {asked.stdout!r}")
            print(f"{wheel.name}: installed elsewhere, started, answered {asked.stdout.strip()}")
        finally:
            server.terminate()
            server.wait(10)


if __name__ == "__main__":
    main()
