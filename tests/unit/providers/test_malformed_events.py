"""One malformed event is passed over, however the stream is cut into pieces."""

from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from providers.malformed_events import sound_events

SOUND = [
    b'data: {"n": 1}\n\n',
    b'event: x\ndata: {"n":\ndata: 2}\n\n',
    b": ping\n\n",
    b"data: [DONE]\n\n",
    b'data: {"n": NaN}\n\n',
]
BROKEN = b'data: {"n": "cut\n\n'

events = st.lists(st.sampled_from(SOUND), max_size=8)


async def _read(whole: bytes, cuts: list[int]) -> bytes:
    async def pieces() -> AsyncIterator[bytes]:
        begins = 0
        for end in [*sorted({cut % (len(whole) + 1) for cut in cuts}), len(whole)]:
            yield whole[begins:end]
            begins = end

    return b"".join([piece async for piece in sound_events(pieces())])


@given(before=events, after=events, cuts=st.lists(st.integers(0, 400), max_size=12))
async def test_the_first_malformed_event_is_left_out(before: list[bytes], after: list[bytes], cuts: list[int]) -> None:
    sound = b"".join([*before, *after])
    assert await _read(sound, cuts) == sound
    assert await _read(b"".join([*before, BROKEN, *after]), cuts) == sound


@given(between=events, cuts=st.lists(st.integers(0, 400), max_size=12))
async def test_the_second_is_left_for_the_sdk_to_report(between: list[bytes], cuts: list[int]) -> None:
    rest = b"".join([*between, BROKEN])
    assert await _read(BROKEN + rest, cuts) == rest
