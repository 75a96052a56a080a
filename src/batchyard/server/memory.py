"""Keeps the process's memory in proportion to what it holds."""

from __future__ import annotations

import ctypes
import gc

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""The names in glibc's malloc.h, which ctypes cannot read."""

_OWN_MAPPING_FROM = 256 * 1024
"""From how many bytes on a block is mapped on its own, and so given back when it is freed."""

_MOST_FREE_AT_THE_END = 8 * 1024 * 1024
"""How many freed bytes may stay at the heap's end for the next blocks."""


def give_back_large_blocks() -> None:
    """Let every freed large block leave the process at once; does nothing where the C library is not glibc.

    glibc learns from each large block that is freed to put the next into its heap, up to 32 MiB. A few bodies of
    16 MiB between small blocks that stay then leave more than 100 MiB of holes that nothing can use.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _OWN_MAPPING_FROM)
        mallopt(_M_TRIM_THRESHOLD, _MOST_FREE_AT_THE_END)


_YOUNG_OBJECTS, _ROUNDS = 20_000, (20, 50)
"""How many new containers, and then how many rounds over the younger containers, before the collector looks again.

Python's own 700 and 10 make it look over all that a large request holds, and over the whole system, many times.
"""


def leave_what_stays_alone() -> None:
    """Have the garbage collector never look again at what is loaded by now, and seldom at what comes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *_ROUNDS)
