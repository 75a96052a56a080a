"""The settings: each is one field here. Its option, variable, key of batchyard.toml and line in the docs are made
from the field (`cli/options.py`, `cli/settings.py`, `scripts/write_docs.py`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from batchyard.engines.file_systems import Folder
from batchyard.engines.process.job_users import AUTO as AUTO_USERS
from batchyard.engines.process.job_users import DEFAULT_PLACE
from batchyard.engines.registry import AUTO, DEFAULT
from batchyard.engines.tables import EngineTable
from batchyard.hosts import host_of_url, is_local, is_loopback, read_host, read_network, read_origin

T = TypeVar("T")

OUTPUTS = ("text", "json")
DEFAULT_DIRECTORY = "~/.local/share/batchyard"


@dataclass(frozen=True, slots=True)
class Item:
    """What each entry of a setting that is a list must be."""

    words: str
    """What the entries are, in the plural."""
    read: Callable[[str], str]
    """Its canonical form; raises ValueError."""


_HOSTS = Item("names or addresses of hosts", read_host)
_ORIGINS = Item("origins like `http://localhost:3000`", read_origin)
_NETWORKS = Item("addresses, or networks like `10.0.0.0/8`", read_network)


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a setting beside its name, type and default."""

    text: str
    """What it does, in one sentence."""
    default_text: str = ""
    """How the default reads where its value says too little."""
    least: float | None = None
    most: float | None = None
    choices: Sequence[str] = ()
    each: Item | None = None
    """What the entries of a list must be."""


def _setting(default: T, text: str, **about: Any) -> T:
    field: T = dataclasses.field(default=default, metadata={"about": About(text, **about)})
    return field


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server, or a command that works on its data directory, was told. Durations are seconds."""

    host: str = _setting("127.0.0.1", "The address to listen on.")
    port: int = _setting(4566, "The port to listen on; 0 takes a free port.", least=0, most=65535)
    public_url: str | None = _setting(
        None,
        "The address under which others reach this server: issuers of web identity tokens are below it. One that is "
        "not of this machine turns development credentials, reset and the test clock off.",
        default_text="where it listens",
    )
    s3_endpoint: str | None = _setting(
        None,
        "The address of an S3 server, or of AWS's own: `batchyard env` prints it and every job gets it, as"
        " AWS_ENDPOINT_URL_S3, since AWS_ENDPOINT_URL would send S3's requests here.",
        default_text="none",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        "Further names of this machine, beside those of loopback, by which development credentials, reset and the "
        "test clock may be used.",
        default_text="none",
        each=_HOSTS,
    )
    allowed_origins: tuple[str, ...] = _setting(
        (),
        "Origins whose web pages may use this server: they are answered with CORS, and may use development "
        "credentials, reset and the test clock.",
        default_text="none",
        each=_ORIGINS,
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (),
        "Proxies whose X-Forwarded-For tells who asked (`aws:SourceIp`), and whose X-Forwarded-Proto whether by "
        "TLS (`aws:SecureTransport`).",
        default_text="none",
        each=_NETWORKS,
    )
    data_dir: Path | None = _setting(None, "Where everything is kept.", default_text=DEFAULT_DIRECTORY)  # noqa: RUF009 (immutable)
    identity_keys: Path | None = _setting(  # noqa: RUF009 (immutable)
        None,
        "Where the public keys of OpenID Connect providers lie: `ISSUER/jwks.json`; nothing is fetched.",
        default_text="`identity-keys` in the data directory",
    )
    ephemeral: bool = _setting(False, "Keep everything in memory and end the jobs with the server.")
    engine: str = _setting(
        AUTO,
        "What runs containers where no tag `batchyard:engine` names another: one of `[engines.<name>]`, or a kind with"
        f" its default settings. `{AUTO}` takes the first of `[engines.<name>]`, else `{DEFAULT}`.",
    )
    slots: int = _setting(
        0, "How many attempts run at once.", default_text="twice the machine's cores", least=0
    )
    pace: float = _setting(
        0.3, "The shortest stay, in seconds, in CREATING, UPDATING, DELETING and IN_PROGRESS.", least=0
    )
    scale_down_delay: float = _setting(
        60.0,
        "How many seconds an instance stays idle before Batch ends it, where no scalingPolicy says otherwise.",
        least=0,
    )
    join_timeout: float = _setting(
        600.0,
        "How many seconds an environment's instances may run without one having joined its cluster; then it is"
        " INVALID and scaled down.",
        least=0,
    )
    development_credentials: bool = _setting(
        True,
        "Accept test/test and <twelve digits>/test as root credentials; never beyond loopback, from web pages or "
        "through a proxy.",
    )
    job_users: str = _setting(
        AUTO_USERS,
        "Users of whom each account gets one for its jobs: a range of numbers (`FIRST-LAST`); `none`: jobs are the"
        " server's user. `auto` takes free users where development credentials do not work and the server is root.",
    )
    job_directory: Path | None = _setting(  # noqa: RUF009 (immutable)
        None,
        "Where the jobs of such users have their working directories: every user passes through.",
        default_text=f"`{DEFAULT_PLACE}`",
    )
    output: str = _setting("text", "How a command prints what it has to say.", choices=OUTPUTS)
    log_format: str = _setting(
        "text", "How a server logs to stderr: lines of text, or a JSON object in each line.", choices=OUTPUTS
    )
    quickstart: bool = _setting(
        False,
        "Make a Fargate environment, a queue, an execution role and a job definition in account 000000000000, where "
        "they are missing.",
    )
    database_url: str | None = _setting(
        None, "Not built yet, and refused.", default_text="SQLite in the data directory"
    )
    controller_threads: int = _setting(
        4, "How many threads drive the controllers; more help where many accounts change at once.", least=1
    )
    request_threads: int = _setting(4, "How many threads read requests of 256 KiB and more.", least=1)
    engines: Mapping[str, EngineTable] = dataclasses.field(default_factory=dict)
    """The engines that `[engines.<name>]` in batchyard.toml name; not an option."""
    file_systems: Mapping[str, Folder] = dataclasses.field(default_factory=dict)
    """The folders that `[file_systems.<id>]` in batchyard.toml name; not an option."""
    notify: str | None = _setting(
        None,
        "Who is told of every change of a job's state and of each blocked queue, as AWS's EventBridge event: an "
        "`http://` URL on this machine, or a command that reads the event on its standard input.",
        default_text="nobody",
    )
    notify_key: Path | None = _setting(  # noqa: RUF009 (immutable)
        None,
        "The file whose text signs what is told; it is made where it is missing.",
        default_text="`notify.key` in the data directory",
    )
    test_clock: bool = _setting(
        False,
        "Open POST /_batchyard/clock?advance=SECONDS (header `X-Batchyard-Confirm: yes`), on loopback and with "
        "`ephemeral` only.",
    )

    @property
    def directory(self) -> Path:
        """The data directory; an ephemeral server makes its own instead."""
        return (self.data_dir or Path(DEFAULT_DIRECTORY)).expanduser()

    @property
    def default_engine(self) -> str:
        """The name of the engine that `engine` means."""
        if self.engine != AUTO:
            return self.engine
        return next(iter(self.engines), DEFAULT)

    @property
    def opened_engines(self) -> Mapping[str, EngineTable]:
        """All that are open, by name: those that the settings name, the default, and `process`, which takes back
        what an earlier server ran."""
        named = {name: EngineTable(name=name, kind=name) for name in (self.default_engine, DEFAULT)}
        return {**named, **self.engines}

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine can reach the address; a name other than localhost could be anyone's."""
        return is_loopback(self.host)

    @property
    def other_public_host(self) -> str | None:
        """The host of `public_url` where it is not this machine: others are let in by a proxy then. Else None."""
        host = host_of_url(self.public_url or "localhost")
        return None if is_local(host) else host

    @property
    def knows_development_credentials(self) -> bool:
        """Whether test/test is told why it is refused, where it is; else it is as unknown as any made-up key."""
        return self.development_credentials and self.is_loopback

    @property
    def accepts_development_credentials(self) -> bool:
        """Whether test/test signs anything."""
        return self.knows_development_credentials and self.other_public_host is None

    def endpoint(self, port: int) -> str:
        """The URL by which this machine reaches a server of these settings that got this port."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, under each of its names."""

    name: str
    """The field, and the key of batchyard.toml."""
    type: type
    default: Any
    about: About

    @property
    def option(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        return f"BATCHYARD_{self.name.upper()}"

    @property
    def default_text(self) -> str:
        """The default as the help and the docs show it."""
        default = str(self.default).lower() if self.type is bool else str(self.default).removesuffix(".0")
        return self.about.default_text or default


_TYPES: dict[str, type] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "Path | None": Path,
    "str | None": str,
    "tuple[str, ...]": tuple,
}

SETTINGS = {
    field.name: Setting(field.name, _TYPES[str(field.type)], field.default, field.metadata["about"])
    for field in dataclasses.fields(Settings)
    if "about" in field.metadata
}
"""Every setting, by name."""
