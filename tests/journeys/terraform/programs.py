"""The `terraform` program with an AWS provider from a mirror on this machine: where they are, and how they are run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROVIDER = "registry.terraform.io/hashicorp/aws"
_CONFIGURATION = 'provider_installation {{\n  filesystem_mirror {{\n    path = "{}"\n  }}\n}}\n'
_PROVIDERS = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {}
"""


def mirror() -> Path:
    """The directory that holds registry.terraform.io with the AWS provider; skips where this machine has none."""
    if shutil.which("terraform") is None:
        pytest.skip("no terraform program on this machine")
    search = ["find", "/", "-xdev", "-maxdepth", "4", "-type", "d", "-name", "registry.terraform.io"]
    found = subprocess.run(search, capture_output=True, text=True, check=False).stdout.split()
    for one in map(Path, sorted(found)):
        if (one / "hashicorp/aws").is_dir():
            return one.parent
    pytest.skip("no mirror of Terraform's AWS provider on this machine")


@dataclass(frozen=True)
class Change:
    """What Terraform plans for one resource: create, update, replace, delete or read."""

    address: str
    kind: str
    action: str


class Terraform:
    """A working directory with a module, and Terraform run in it."""

    def __init__(self, directory: Path, environment: dict[str, str], source: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True)
        configuration = directory / "terraformrc"
        configuration.write_text(_CONFIGURATION.format(source))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "AWS_"))}
        self._environment = {
            **kept,
            **environment,
            "TF_CLI_CONFIG_FILE": str(configuration),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }

    def begin(self, module: str) -> None:
        """Write the module down and make the directory ready."""
        if "required_providers" not in module:
            (self.directory / "providers.tf").write_text(_PROVIDERS)
        (self.directory / "main.tf").write_text(module)
        self.run("init", "-input=false")

    def run(self, *arguments: str, expected: tuple[int, ...] = (0,)) -> str:
        """Run a command; returns its output, which is told where it fails."""
        command = ["terraform", arguments[0], "-no-color", *arguments[1:]]
        done = subprocess.run(
            command, cwd=self.directory, env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode in expected, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def apply(self, **variables: str) -> list[Change]:
        """Apply the module; returns what was planned and done."""
        return list(_changes(self.run("apply", "-json", "-auto-approve", *_given(variables))))

    def is_settled(self, **variables: str) -> bool:
        """Does a plan change nothing? Told in full where it would."""
        told = self.run("plan", "-detailed-exitcode", *_given(variables), expected=(0, 2))
        assert "No changes." in told, told
        return True

    def destroy(self, **variables: str) -> None:
        """Destroy everything that the module made."""
        self.run("destroy", "-auto-approve", *_given(variables))

    def resources(self) -> list[Any]:
        """The managed resources of the state, with their values."""
        shown = json.loads(self.run("show", "-json"))
        found = shown.get("values", {}).get("root_module", {}).get("resources", [])
        return [one for one in found if one["mode"] == "managed"]


def _given(variables: dict[str, str]) -> list[str]:
    return [f"-var={name}={value}" for name, value in variables.items()]


def _changes(output: str) -> Iterator[Change]:
    for line in output.splitlines():
        event = json.loads(line)
        if event.get("type") == "planned_change":
            change = event["change"]
            resource = change["resource"]
            yield Change(resource["addr"], resource["resource_type"], change["action"])
