"""Messages survive however the socket cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchyard.engines.process.messages import LONGEST, Incoming, encode

values = st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.text()), max_size=4)


@given(messages=st.lists(values, max_size=5), size=st.integers(1, 50))
def test_messages_arrive_whole_and_in_order(messages: list[dict[str, object]], size: int) -> None:
    stream = b"".join(map(encode, messages))
    incoming = Incoming()
    received = [one for at in range(0, len(stream), size) for one in incoming.feed(stream[at : at + size])]
    assert received == messages


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        Incoming().feed((LONGEST + 1).to_bytes(4, "big"))
