"""What can happen to a request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.image.copier.fake_exchange import Exchange

    Act = Callable[[Exchange], None]


def says(status: int, code: str = "", message: str = "", **headers: str) -> Act:
    """It is refused."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda exchange: exchange.error(status, code, message, named)


def answers(status: int, headers: dict[str, str], body: bytes = b"") -> Act:
    """It gets another answer."""

    def act(exchange: Exchange) -> None:
        exchange.read_all()
        exchange.answer(status, headers, body)

    return act


def leads_to(location: str, status: int = 307) -> Act:
    """It is answered by another address, after which ``{}`` stands for the last part of its own."""

    def act(exchange: Exchange) -> None:
        last = exchange.path.rpartition("/")[2]
        exchange.answer(status, {"Location": location.replace("{}", last)}, b"<a>there</a>")

    return act


def cut_after(size: int) -> Act:
    """The connection breaks inside of the answer."""

    def act(exchange: Exchange) -> None:
        exchange.cut_after = size
        exchange.proceed()

    return act


def cut_while_sending(size: int) -> Act:
    """The connection breaks inside of what is sent."""

    def act(exchange: Exchange) -> None:
        exchange.read(size)
        exchange.cut()

    return act


def unanswered(exchange: Exchange) -> None:
    """It arrives, and its answer is lost."""
    exchange.silent = True
    exchange.proceed()


def spoilt(exchange: Exchange) -> None:
    """A byte of the answer is another."""
    exchange.spoilt = True
    exchange.proceed()


def trickles(exchange: Exchange) -> None:
    """The answer comes, a byte now and then."""
    exchange.trickles = True
    exchange.proceed()


def hangs(exchange: Exchange) -> None:
    """Nothing comes."""
    exchange.wait_until_left()


def header_trickles(exchange: Exchange) -> None:
    """Not even the headers end."""
    exchange.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    exchange.wfile.flush()
    while not exchange.registry.ended.wait(0.05):
        exchange.wfile.write(b"x")
        exchange.wfile.flush()
    exchange.close_connection = True


def expires(exchange: Exchange) -> None:
    """The token that it came with has just become invalid."""
    exchange.registry.expire()
    exchange.proceed()


def after(before: Callable[[], object], then: Act | None = None) -> Act:
    """Something else happens first."""

    def act(exchange: Exchange) -> None:
        before()
        if then is None:
            exchange.proceed()
        else:
            then(exchange)

    return act


def document(**values: object) -> bytes:
    """JSON."""
    return json.dumps(values).encode()


def refused_unread(status: int, code: str) -> Act:
    """It is refused before its body has arrived, and the connection ends."""

    def act(exchange: Exchange) -> None:
        del exchange.headers["Content-Length"]
        exchange.error(status, code, "no", {"Connection": "close"})
        exchange.close_connection = True

    return act
