"""The engines that are open, by name, and which of them a tag means."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from batchyard.engines.abilities import ABILITIES
from batchyard.engines.contract import Engine, Volume
from batchyard.engines.file_systems import Folder, folder_of
from batchyard.engines.powers import Powers
from batchyard.engines.registry import ENGINES
from batchyard.engines.tables import EngineTable
from batchyard.framework.container_needs import Asked, FileSystem, file_system_of
from batchyard.framework.ports import EngineRefusal

TAG = "batchyard:engine"
"""On a compute environment or an ECS cluster: the name of the engine that runs its jobs."""


class OpenEngines(Mapping[str, Engine]):
    """Implements ports.EngineAbilities."""

    def __init__(
        self,
        engines: Mapping[str, Engine],
        tables: Mapping[str, EngineTable],
        *,
        default: str,
        powers: Powers,
        file_systems: Mapping[str, Folder] | None = None,
    ) -> None:
        """`tables`: what the settings say of each. `powers`: over the host, where its table says nothing.
        `file_systems`: folders of the host by the ids under which volumes name them."""
        self._file_systems = file_systems or {}
        self._engines = engines
        self._tables = tables
        self._powers = {name: table.powers_over(powers) for name, table in tables.items()}
        self.default = default

    def __getitem__(self, name: str) -> Engine:
        return self._engines[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._engines)

    def __len__(self) -> int:
        return len(self._engines)

    def endpoint_of(self, name: str, *, here: str, public: str) -> str:
        """Where the jobs of an engine reach this server: as its table says, else by where they run."""
        told = self._tables[name].endpoint
        return told or (here if self._engines[name].abilities.reach == "loopback" else public)

    def names_for(self, account: str) -> list[str]:
        """See ports.EngineAbilities."""
        return [
            name
            for name, table in self._tables.items()
            if table.accounts is None or account in table.accounts
        ]

    def name_of(self, account: str, tag: str | None) -> str | None:
        """The engine that a tag means for an account, the default engine without a tag; None: the settings list none of
        that name for the account, any more."""
        if tag is None:
            return self.default
        return tag if tag in self.names_for(account) else None

    def of(self, account: str, tag: str | None) -> frozenset[str] | None:
        """See ports.EngineAbilities."""
        name = self.name_of(account, tag)
        if name is None:
            return None
        abilities = self._engines[name].abilities
        return abilities.honoured | abilities.ignored

    def most_nodes(self, account: str, tag: str | None) -> int:
        """See ports.EngineAbilities."""
        name = self.name_of(account, tag)
        if name is None or "gang" not in self._engines[name].abilities.groups:
            return 0
        return self._engines[name].capacity().slots

    def refusal(self, account: str, tags: Collection[str | None], asked: Asked) -> EngineRefusal | None:
        """See ports.EngineAbilities."""
        names = [name for tag in tags if (name := self.name_of(account, tag)) is not None]
        reasons = [self._refusal(account, name, asked) for name in dict.fromkeys(names)]
        return None if None in reasons or not reasons else reasons[0]

    def refusal_of(self, account: str, name: str, asked: Asked) -> EngineRefusal | None:
        """Why the engine of this name cannot run what is asked, as its settings are now; None where it can."""
        return self._refusal(account, name, asked)

    def volume_of(self, account: str, engine: str, given: Mapping[str, Any]) -> Volume:
        """A task's volume as its engine is to make it; that its file system is a folder here was asked before."""
        named = file_system_of(given)
        if named is not None:
            return Volume(name=given["name"], host_path=self.folder_of(account, named))
        path = (given.get("host") or {}).get("sourcePath")
        own = None if path is None else self._powers[engine].account_folder(account, path)
        return Volume(name=given["name"], host_path=path, account_folder=own)

    def folder_of(self, account: str, named: FileSystem) -> str | None:
        """The host's folder of a file system; None where the settings name none for the account."""
        return folder_of(self._file_systems, account, *named)

    def _refusal(self, account: str, name: str, asked: Asked) -> EngineRefusal | None:
        lacking = self._engines[name].abilities.lacking(asked.needs)
        if lacking:
            ability = min(lacking, key=list(asked.needs).index)
            able = [kind for kind, entry in ENGINES.items() if entry.open and ability in entry.abilities()]
            others = f"`{able[0]}` does" if able else "no engine that is built does"
            text = f"`{asked.needs[ability]}` ({ABILITIES[ability]}) on the engine `{name}` ({others})"
            return EngineRefusal(text, by_setting=False)
        refused = self._powers[name].refusal(
            account=account,
            privileged=asked.privileged,
            host_paths=asked.host_paths,
            devices=asked.devices,
            users=asked.users,
        )
        if refused is None:
            return self._refusal_of_file_systems(account, asked)
        return EngineRefusal(f"{refused} to jobs of the engine `{name}`", by_setting=True)

    def _refusal_of_file_systems(self, account: str, asked: Asked) -> EngineRefusal | None:
        for one in asked.file_systems:
            if self.folder_of(account, one) is None:
                name = one.access_point or one.identity
                text = (
                    f"The file system `{name}` is no folder here for the account {account} (`{one.root}` in it): the"
                    f" setting `[file_systems.{name}]` names none"
                )
                return EngineRefusal(text, by_setting=True)
        return None
