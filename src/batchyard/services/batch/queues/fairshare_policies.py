"""What a fair-share policy may say: its ranges, its shares, and prefixes that must not cover another share.

Texts: recorded in cdk-preflight in September 2026 (`rules/batch/pf-batch-sp-*`), without the wrapper as they were seen;
those of the two ranges are by analogy with the weight factor's [guess].
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.services.batch.service import batch

LONGEST_DECAY_SECONDS = 604_800
LARGEST_RESERVATION = 99
SMALLEST_WEIGHT, LARGEST_WEIGHT = 0.0001, 999.9999
MOST_SHARES = 500
"""In one policy; and how many may be active in one queue (batch-jobs.md 10)."""

_SHARE = re.compile(r"[A-Za-z0-9_-]{1,254}[A-Za-z0-9_*-]?")


def is_share_identifier(given: str) -> bool:
    """Is this the name of a share or, with an asterisk behind it, of all shares that begin so?"""
    return _SHARE.fullmatch(given) is not None


def checked_fairshare(given: Mapping[str, Any]) -> dict[str, Any]:
    """The policy with AWS's defaults where it says nothing; raises ClientException."""
    decay, reservation = given.get("shareDecaySeconds", 0), given.get("computeReservation", 0)
    if not 0 <= decay <= LONGEST_DECAY_SECONDS:
        text = f"Share decay seconds should be between 0 and {LONGEST_DECAY_SECONDS}."
        raise batch.error.ClientException(text)
    if not 0 <= reservation <= LARGEST_RESERVATION:
        text = f"Compute reservation should be between 0 and {LARGEST_RESERVATION}."
        raise batch.error.ClientException(text)
    shares = given.get("shareDistribution", [])
    if len(shares) > MOST_SHARES:
        text = f"ShareDistribution size cannot be greater than {MOST_SHARES}."
        raise batch.error.ClientException(text)
    for one in shares:
        _check_share(one)
    _check_overlap([one["shareIdentifier"] for one in shares])
    return {
        "shareDecaySeconds": decay,
        "computeReservation": reservation,
        "shareDistribution": [dict(one) for one in shares],
    }


def _check_share(given: Mapping[str, Any]) -> None:
    if not is_share_identifier(given["shareIdentifier"]):
        raise batch.error.ClientException("ShareIdentifier name should match a valid pattern.")
    # A NaN is in no range.
    if not SMALLEST_WEIGHT <= given.get("weightFactor", 1.0) <= LARGEST_WEIGHT:
        text = f"Weight factor should be between {SMALLEST_WEIGHT} and {LARGEST_WEIGHT}."
        raise batch.error.ClientException(text)


def _check_overlap(identifiers: Sequence[str]) -> None:
    """No share twice, and none that a prefix covers: in order of their names, it follows its prefix at once."""
    if len(set(identifiers)) < len(identifiers):
        raise batch.error.ClientException("Cannot have two or more identical shareIdentifiers.")
    covering: str | None = None
    for one in sorted(
        identifiers, key=lambda identifier: (identifier.removesuffix("*"), identifier[-1] != "*")
    ):
        if covering is not None and one.startswith(covering[:-1]):
            raise batch.error.ClientException(
                f"Share identifier {one} matches another share identifier {covering}."
            )
        if one.endswith("*"):
            covering = one
