"""`[engines.<name>]`: what a table may say, and that everything else is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from batchyard.config import Settings
from batchyard.engines import tables
from batchyard.engines.powers import CLOSED, OPEN
from cli.commands import batchyard, refused


def test_a_table_has_its_kinds_settings_and_everybodys() -> None:
    read = tables.read(
        {
            "big": {
                "kind": "process",
                "slots": 4,
                "vcpus": 2,
                "memory_mib": 24576,
                "accounts": ["111111111111"],
                "host_paths": ["/data"],
                "allow_privileged": True,
            },
            "process": {},
        }
    )
    big = read["big"]
    assert (big.kind, big.own.slots, big.own.vcpus, big.own.memory_mib) == ("process", 4, 2.0, 24576)
    assert big.accounts == ("111111111111",)
    assert (big.powers_over(CLOSED).host_paths, big.powers_over(CLOSED).devices) == (("/data",), ())
    assert big.powers_over(OPEN).devices is None
    assert read["process"].kind == "process"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (3, "takes tables"),
        ({"a": 3}, "`engines.a` takes a table"),
        ({"a": {}}, "`kind` in `[engines.a]` takes one of process, docker, slurm, kubernetes, not `a`"),
        ({"kubernetes": {}}, "is of the kind `kubernetes`, which is not built yet"),
        (
            {"docker": {"pull": "never"}},
            "`pull` takes one of prefer-cached, once, default, always, not `never`",
        ),
        ({"docker": {"registries": "x"}}, "`registries` in `[engines.docker]` takes a table, not `x`"),
        ({"docker": {"registries": {"a/b": {}}}}, '`registries."a/b"` is no name of a registry'),
        ({"docker": {"registries": {"a.b": {"username": "u"}}}}, "one of `password` and `password_file`"),
        ({"docker": {"kind": "process"}}, "choose another name"),
        ({"auto": {"kind": "process"}}, "choose another name"),
        (
            {"a": {"kind": "process", "slot": 1}},
            "unknown setting `slot` in `[engines.a]`: it takes kind, accounts",
        ),
        ({"a": {"kind": "process", "slots": "1"}}, "`slots` in `[engines.a]` takes a whole number, not `1`"),
        ({"a": {"kind": "process", "slots": True}}, "`slots` in `[engines.a]` takes a whole number"),
        ({"a": {"kind": "process", "slots": -1}}, "`slots` must not be negative"),
        (
            {"a": {"kind": "process", "host_paths": "/"}},
            "`host_paths` in `[engines.a]` takes a list of texts",
        ),
        ({"a": {"kind": "process", "allow_privileged": 1}}, "takes true or false, not `1`"),
        ({"a": {"kind": "process", "accounts": [1]}}, "takes a list of texts"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(given: Any, text: str) -> None:
    with pytest.raises(tables.Wrong) as caught:
        tables.read(given)
    assert text in str(caught.value)


def test_auto_takes_the_first_that_is_configured_and_else_process() -> None:
    assert Settings().default_engine == "process"
    configured = Settings(engines=tables.read({"a": {"kind": "process"}, "b": {"kind": "process"}}))
    assert configured.default_engine == "a"
    assert set(configured.opened_engines) == {"a", "b", "process"}
    assert Settings(engine="b", engines=configured.engines).default_engine == "b"


def test_the_file_is_read_and_its_faults_are_told(tmp_path: Any) -> None:
    file = tmp_path / "batchyard.toml"
    file.write_text('[engines.a]\nkind = "process"\nslot = 3\n')
    done = batchyard("serve", "--port", "0", "--config", str(file), cwd=tmp_path)
    assert "unknown setting `slot` in `[engines.a]`" in refused(done)
    file.write_text('engine = "b"\n[engines.a]\nkind = "process"\n')
    done = batchyard("serve", "--port", "0", "--config", str(file), cwd=tmp_path)
    assert "`--engine` takes one of auto, a, process" in refused(done)
