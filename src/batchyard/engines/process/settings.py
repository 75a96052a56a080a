"""The process engine's own settings."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSettings:
    """What `[engines.<name>]` of this kind may say. Raises ValueError for what is less than nothing."""

    slots: int = field(
        default=0, metadata={"text": "How many attempts run at once; 0: what the setting `slots` says."}
    )
    vcpus: float = field(
        default=0.0,
        metadata={
            "text": "How many vCPUs they may ask for together; 0: one for each slot, as they are shares."
        },
    )
    memory_mib: int = field(
        default=0,
        metadata={"text": "How much memory, in MiB, they may ask for together; 0: what the machine has."},
    )

    def __post_init__(self) -> None:
        for name in ("slots", "vcpus", "memory_mib"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"`{name}` must not be negative")
