"""The engines that are open, by name, and which of them a tag means."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from batchyard.engines.abilities import ABILITIES
from batchyard.engines.contract import Engine
from batchyard.engines.powers import Powers
from batchyard.engines.registry import ENGINES
from batchyard.framework.container_needs import Asked
from batchyard.framework.ports import EngineRefusal

TAG = "batchyard:engine"
"""On a compute environment or an ECS cluster: the name of the engine that runs its jobs."""


class OpenEngines:
    """Implements ports.EngineAbilities."""

    def __init__(self, engines: Mapping[str, Engine], powers: Mapping[str, Powers], default: str) -> None:
        self._engines = engines
        self._powers = powers
        self.default = default

    def name_of(self, account: str, tag: str | None) -> str:
        """The engine that a tag means for an account: the default one where it names none of those."""
        return tag if tag is not None and tag in self._engines else self.default

    def __getitem__(self, name: str) -> Engine:
        return self._engines[name]

    def of(self, account: str, tag: str | None) -> frozenset[str]:
        """See ports.EngineAbilities."""
        abilities = self._engines[self.name_of(account, tag)].abilities
        return abilities.honoured | abilities.ignored

    def refusal(self, account: str, tags: Collection[str | None], asked: Asked) -> EngineRefusal | None:
        """See ports.EngineAbilities."""
        names = list(dict.fromkeys(self.name_of(account, tag) for tag in tags)) or [self.default]
        reasons = [self._refusal(name, asked) for name in names]
        return None if None in reasons else reasons[0]

    def _refusal(self, name: str, asked: Asked) -> EngineRefusal | None:
        lacking = self._engines[name].abilities.lacking(asked.needs)
        if lacking:
            ability = min(lacking, key=list(asked.needs).index)
            able = [kind for kind, entry in ENGINES.items() if entry.open and ability in entry.abilities()]
            others = f"`{able[0]}` does" if able else "no engine that is built does"
            text = f"`{asked.needs[ability]}` ({ABILITIES[ability]}) on the engine `{name}` ({others})"
            return EngineRefusal(text, by_setting=False)
        refused = self._powers[name].refusal(
            privileged=asked.privileged,
            host_paths=asked.host_paths,
            devices=asked.devices,
            users=asked.users,
        )
        if refused is None:
            return None
        return EngineRefusal(f"{refused} to jobs of the engine `{name}`", by_setting=True)
