"""Ports: who holds a busy one is named."""

import os
import socket
from collections.abc import Iterator

import psutil
import pytest

from workers.embedded.ports import any_free, choose, is_free, obstacle, owner


@pytest.fixture
def held() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_is_taken_as_wished() -> None:
    port = any_free()
    assert is_free(port)
    assert choose(port) == (port, None)
    assert obstacle(port) is None


def test_no_wish_is_no_disappointment() -> None:
    port, notice = choose(0)
    assert is_free(port)
    assert notice is None


def test_the_holder_of_a_busy_port_is_named(held: int) -> None:
    assert not is_free(held)
    us = f"{psutil.Process().name()} (pid {os.getpid()})"
    assert owner(held) == us
    assert obstacle(held) == f"Port {held} is held by {us}."
    port, notice = choose(held)
    assert port != held
    assert notice == f"Port {held} is held by {us}. Using {port}."


def test_one_that_listens_everywhere_holds_the_loopback_too() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_an_address_that_is_not_ours_is_said() -> None:
    assert "cannot be listened on" in (obstacle(any_free(), "192.0.2.1") or "")
