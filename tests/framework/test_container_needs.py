"""The table of parameters and abilities speaks the engines' words, and covers what containers may ask."""

from __future__ import annotations

import json
from typing import Any

from batchyard.engines.abilities import ABILITIES
from batchyard.engines.powers import CLOSED, OPEN, Powers
from batchyard.engines.registry import ENGINES
from batchyard.framework.container_needs import TABLE, Asked, asked_by


def test_every_ability_of_the_table_is_one_of_engines() -> None:
    assert {ability for _, ability in TABLE} <= ABILITIES.keys()
    for kind in ENGINES.values():
        assert kind.abilities() | kind.ignored() <= ABILITIES.keys()


def test_what_is_asked_of_the_host_is_gathered_over_all_containers() -> None:
    asked = asked_by(
        [
            {"command": ["x"], "mountPoints": [{"sourceVolume": "a", "containerPath": "/data"}]},
            {
                "command": ["x"],
                "user": "ann",
                "privileged": True,
                "linuxParameters": {"devices": [{"hostPath": "/dev/fuse"}]},
                "mountPoints": [{"sourceVolume": "b", "containerPath": "/b"}],
            },
        ],
        [{"name": "a", "host": {"sourcePath": "/data"}}, {"name": "b"}],
    )
    assert set(asked.needs) == {
        "several_containers",
        "host_volumes",
        "other_paths",
        "user",
        "privileged",
        "devices",
    }
    assert asked.power == "privileged, /data, /dev/fuse, the user ann"
    kept = json.loads(json.dumps(asked.members))
    assert Asked.kept(kept) == asked
    assert (asked.host_paths, asked.devices, asked.users) == (("/data",), ("/dev/fuse",), ("ann",))
    assert asked.privileged


def test_powers_are_given_by_name() -> None:
    everything: dict[str, Any] = {
        "account": "1",
        "privileged": True,
        "host_paths": ["/data/x"],
        "devices": ["/dev/fuse"],
        "users": ["ann"],
    }
    nothing: dict[str, Any] = {
        "account": "1",
        "privileged": False,
        "host_paths": [],
        "devices": [],
        "users": [],
    }
    assert OPEN.refusal(**everything) is None
    assert CLOSED.refusal(**nothing) is None
    for name, setting in (
        ("privileged", "allow_privileged"),
        ("host_paths", "host_paths"),
        ("devices", "devices"),
    ):
        assert f"`{setting}`" in str(CLOSED.refusal(**{**nothing, name: everything[name]}))
    given = Powers(host_paths=("/data",), users=("bob",))
    assert given.refusal(**{**nothing, "host_paths": ["/data/x", "/data"]}) is None
    for path in ("/database", "/data/../etc", "/"):
        assert "`host_paths`" in str(given.refusal(**{**nothing, "host_paths": [path]}))
    assert "`users`" in str(given.refusal(**{**nothing, "users": ["ann"]}))


def test_a_link_out_of_a_folder_is_not_in_it(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path)) / "data"
    folder.mkdir()
    (folder / "out").symlink_to("/etc")
    given = Powers(host_paths=(str(folder),))
    for path, is_refused in ((folder / "out", True), (folder / "in", False)):
        refused = given.refusal(account="1", privileged=False, host_paths=[str(path)], devices=[], users=[])
        assert (refused is not None) == is_refused


def test_an_accounts_own_folder_is_not_anothers() -> None:
    given = Powers(host_paths=("/jobs/{account}",))
    asked: dict[str, Any] = {"privileged": False, "host_paths": ["/jobs/111/x"], "devices": [], "users": []}
    assert given.refusal(account="111", **asked) is None
    assert "`host_paths`" in str(given.refusal(account="222", **asked))
