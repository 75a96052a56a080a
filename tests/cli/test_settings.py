"""Settings: option over variable over file over default; what is not known is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from batchyard.cli import make_parser
from batchyard.cli.options import settings_of
from batchyard.cli.refusal import Refusal
from batchyard.config import SETTINGS, Setting, Settings
from cli.commands import batchyard, refused

OTHER_VALUES = {
    "host": "127.0.0.2",
    "port": "4567",
    "data_dir": "/elsewhere",
    "identity_keys": "/keys",
    "public_url": "https://batchyard.example.com",
    "s3_endpoint": "http://127.0.0.1:9000",
    "allowed_hosts": "host.docker.internal,batchyard",
    "allowed_origins": "http://localhost:3000,https://app.example.com",
    "trusted_proxies": "10.0.0.0/8,192.0.2.1/32",
    "ephemeral": "true",
    "engine": "process",
    "notify": "tee told",
    "notify_key": "/a/key",
    "slots": "3",
    "pace": "0.5",
    "scale_down_delay": "7.5",
    "join_timeout": "90",
    "development_credentials": "false",
    "job_users": "5000-5999",
    "job_directory": "/jobs",
    "output": "json",
    "log_format": "json",
    "quickstart": "true",
    "database_url": "postgresql://x",
    "controller_threads": "2",
    "request_threads": "2",
    "test_clock": "true",
}


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def resolved(*arguments: str) -> Settings:
    return settings_of(make_parser().understand(["serve", *arguments]))


def in_toml(setting: Setting, text: str) -> str:
    if setting.type is tuple:
        return f"{setting.name} = {json.dumps(text.split(','))}\n"
    quoted = text if setting.type in (bool, int, float) else json.dumps(text)
    return f"{setting.name} = {quoted}\n"


def as_option(setting: Setting, text: str) -> list[str]:
    if setting.type is bool:
        return [setting.option if text == "true" else setting.option.replace("--", "--no-", 1)]
    return [setting.option, text]


@pytest.mark.parametrize("name", SETTINGS)
def test_option_over_variable_over_file_over_default(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every setting has one home, and an option, a variable and a key that are made from it."""
    setting = SETTINGS[name]
    other = OTHER_VALUES[name]
    usual = {
        "data_dir": "/usual",
        "identity_keys": "/usual",
        "public_url": "http://usual",
        "database_url": "sqlite",
        "allowed_hosts": "usual",
        "allowed_origins": "http://usual",
        "trusted_proxies": "::1",
    }.get(name, setting.default_text)
    usual = "5" if name == "slots" else usual
    default = getattr(resolved(), name)
    assert default == setting.default
    Path("batchyard.toml").write_text(in_toml(setting, other))
    from_file = getattr(resolved(), name)
    assert from_file != default
    assert type(from_file) is type(getattr(resolved(*as_option(setting, other)), name))
    monkeypatch.setenv(setting.variable, usual)
    from_variable = getattr(resolved(), name)
    assert from_variable != from_file
    assert getattr(resolved(*as_option(setting, other)), name) == from_file
    monkeypatch.setenv(setting.variable, "")
    assert getattr(resolved(), name) == from_file, "an empty variable says nothing"


def test_the_file_is_the_named_one_or_that_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("batchyard.toml").write_text("port = 1\n")
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "a.toml").write_text('port = 2\ndata_dir = "data"\n')
    (folder / "b.toml").write_text("port = 3\n")
    assert resolved().port == 1
    monkeypatch.setenv("BATCHYARD_CONFIG", str(folder / "a.toml"))
    assert resolved().port == 2
    assert resolved().data_dir == folder / "data", "a path in a file begins at the file"
    assert resolved("--config", str(folder / "b.toml")).port == 3
    with pytest.raises(Refusal, match=r"cannot read the settings in `none\.toml`: no such file"):
        resolved("--config", "none.toml")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prot = 1", "unknown setting: the key `prot` in `batchyard.toml`"),
        (
            'port = "4566"',
            "the key `port` in `batchyard.toml` takes a whole number from 0 to 65535, not `4566`",
        ),
        (
            "port = true",
            "the key `port` in `batchyard.toml` takes a whole number from 0 to 65535, not `true`",
        ),
        (
            "port = 65536",
            "the key `port` in `batchyard.toml` takes a whole number from 0 to 65535, not `65536`",
        ),
        ("ephemeral = 1", "the key `ephemeral` in `batchyard.toml` takes true or false, not `1`"),
        ("pace = -1", "the key `pace` in `batchyard.toml` takes a number from 0, not `-1`"),
        ("pace = nan", "the key `pace` in `batchyard.toml` takes a number from 0, not `nan`"),
        ("data_dir = []", "the key `data_dir` in `batchyard.toml` takes a path, not `[]`"),
        (
            'allowed_hosts = "a"',
            "the key `allowed_hosts` in `batchyard.toml` takes a list of names or addresses",
        ),
        ('allowed_hosts = ["a", 1]', "the key `allowed_hosts` in `batchyard.toml` takes a list of names or"),
        ("port = ", "`batchyard.toml` is not a TOML file: invalid value"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_name(text: str, sentence: str) -> None:
    Path("batchyard.toml").write_text(text + "\n")
    with pytest.raises(Refusal) as refusal:
        resolved()
    assert refusal.value.sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("BATCHYARD_PROT", "1", "unknown setting: the variable `BATCHYARD_PROT`"),
        (
            "BATCHYARD_PORT",
            "x",
            "the variable `BATCHYARD_PORT` takes a whole number from 0 to 65535, not `x`",
        ),
        (
            "BATCHYARD_EPHEMERAL",
            "maybe",
            "the variable `BATCHYARD_EPHEMERAL` takes true or false, not `maybe`",
        ),
    ],
)
def test_a_variable_that_is_wrong_is_refused_by_name(
    variable: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(Refusal) as refusal:
        resolved()
    assert refusal.value.sentence == sentence


@pytest.mark.parametrize(
    ("option", "value", "read"),
    [
        (
            "allowed-hosts",
            "Host.Docker.Internal, [::1],10.0.0.1",
            ("host.docker.internal", "::1", "10.0.0.1"),
        ),
        ("allowed-hosts", "*", "names or addresses of hosts, separated by commas, not `*`"),
        ("allowed-hosts", "a:4566", "names or addresses of hosts, separated by commas, not `a:4566`"),
        ("allowed-hosts", "http://a", "names or addresses of hosts, separated by commas, not `http://a`"),
        ("allowed-hosts", "a,,b", "names or addresses of hosts, separated by commas, not ``"),
        ("allowed-hosts", "", "names or addresses of hosts, separated by commas, not ``"),
        ("allowed-origins", "HTTP://App:80/,https://b:8443", ("http://app", "https://b:8443")),
        ("allowed-origins", "chrome-extension://abc", ("chrome-extension://abc",)),
        ("allowed-origins", "*", "origins like `http://localhost:3000`, separated by commas, not `*`"),
        ("allowed-origins", "null", "origins like `http://localhost:3000`, separated by commas, not `null`"),
        (
            "allowed-origins",
            "http://*",
            "origins like `http://localhost:3000`, separated by commas, not `http://*`",
        ),
        (
            "allowed-origins",
            "http://a/b",
            "origins like `http://localhost:3000`, separated by commas, not `http://a/b`",
        ),
        ("trusted-proxies", "10.0.0.1, 2001:db8::/32", ("10.0.0.1/32", "2001:db8::/32")),
        (
            "trusted-proxies",
            "proxy",
            "addresses, or networks like `10.0.0.0/8`, separated by commas, not `proxy`",
        ),
        (
            "trusted-proxies",
            "10.0.0.1/8",
            "addresses, or networks like `10.0.0.0/8`, separated by commas, not `10.0.0.1/8`",
        ),
    ],
)
def test_the_entries_of_a_list_are_read_one_by_one(
    option: str, value: str, read: str | tuple[str, ...]
) -> None:
    """Nothing opens the server to every host, page or proxy at once."""
    if isinstance(read, tuple):
        assert getattr(resolved(f"--{option}", value), option.replace("-", "_")) == read
    else:
        with pytest.raises(Refusal) as refusal:
            resolved(f"--{option}", value)
        assert refusal.value.sentence == f"`--{option}` takes {read}"


def test_unknown_settings_end_the_command_with_one_sentence(tmp_path: Path) -> None:
    serve = ("serve", "--port", "0", "--data-dir", str(tmp_path / "data"))
    assert refused(batchyard(*serve, "--prot", "1")) == "unknown setting: the option `--prot`"
    done = batchyard(*serve, variables={"BATCHYARD_PROT": "1"})
    assert refused(done) == "unknown setting: the variable `BATCHYARD_PROT`"
    assert done.stderr.splitlines()[1] == "help: did you mean `BATCHYARD_PORT`?"
    (tmp_path / "batchyard.toml").write_text("prot = 1\n")
    sentence = refused(batchyard(*serve, cwd=tmp_path))
    assert sentence == "unknown setting: the key `prot` in `batchyard.toml`"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("serve", "--port", "x"), "`--port` takes a whole number from 0 to 65535, not `x`"),
        (("serve", "--port"), "`--port` expected one argument"),
        (("serve", "--data-dir", ""), "`--data-dir` takes a path, not ``"),
        (("serve", "extra"), "unexpected argument `extra`"),
        (("sreve",), "unknown command `sreve`"),
    ],
)
def test_a_line_that_is_wrong_is_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    assert refused(batchyard(*arguments)) == sentence
