"""The web server of the live page: Solara behind a thin gate.

Everything the browser needs comes from this machine. The gate turns visitors away with a plain page when every seat
is taken, answers only pages of its own address (so that no other web site can steer a run), and serves only what is
there, where Solara would fetch missing files from the internet and open a kernel for any address.
"""

from __future__ import annotations

import contextvars
import os
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from abm.errors import BadInput
from viz.house import House, house, set_house
from viz.languages import FIRST as FIRST_TAG
from viz.languages import asked, language

SETTINGS = {
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_MODE": "production",
    "SOLARA_KERNEL_CULL_TIMEOUT": "10s",  # a closed tab says so at once; this is for one that vanished
    "SOLARA_KERNEL_MAX_PER_SESSION": "64",
    "SOLARA_THEME_VARIANT": "auto",
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_THEME_TITLE": "Invisible Debt",
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "False",
}
# What Solara's page lacks: with the "auto" theme it forgets the element the application is mounted on, it shows
# nothing until its scripts have come, it says no language, and it forbids zooming.
FIRST = """<div id="app" data-app="true" class="v-application v-application--is-ltr theme--light">
<main style="font: 16px/1.5 system-ui, sans-serif; max-width: 44em; margin: 16vh auto; padding: 0 20px">
<h1>Invisible Debt</h1><p>{welcome}</p><p>{opening}</p></main>"""
MENDED = {
    '<body data-base-url="/jupyter/">': '<body data-base-url="/jupyter/">{first}',
    "<html>": '<html lang="{tag}">',
    ", maximum-scale=1, user-scalable=no, minimal-ui": "",
}
HAND_OVER = 0.0005  # seconds until a thread at work lets another in: the one that answers a click waits no longer
STARTING = 4  # pages that may load beside those that have a seat
SERVED = ("/_solara/", "/jupyter/", "/static/", "/readyz")  # what there is beside the page itself
PLAIN = """<!doctype html><html lang="{tag}"><meta charset="utf-8"><title>Invisible Debt: {title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<body style="font: 18px/1.5 system-ui, sans-serif; max-width: 34em; margin: 12vh auto; padding: 0 1em">
<h1>{title}</h1><p>{about} <a href="{to}">{link}</a></p>{rest}</body></html>"""
WANTED = contextvars.ContextVar("WANTED", default=FIRST_TAG)  # language of the page that is asked for



class Gate:
    """The ASGI application in front of Solara's.

    Parameters
    ----------
    inner : ASGI application
        Solara's.
    house : House
        Knows whether a seat is free.
    assets : Path
        Where the front-end files lie.
    """

    def __init__(self, inner: Any, house: House, assets: Path) -> None:
        self.inner = inner
        self.house = house
        self.assets = assets.resolve()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, or hand it on."""
        kind, path = scope["type"], scope.get("path", "")
        if kind == "http":
            liked = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
            WANTED.set(asked(scope.get("query_string", b"").decode("latin-1"), liked))
        if kind == "websocket" and not _same_origin(scope):
            await send({"type": "websocket.close", "code": 1008, "reason": "not a page of this server"})
        elif kind == "http" and path.startswith("/_solara/cdn/") and not self._is_asset(path):
            await _answer(send, 404, "There is no such file.", "text/plain")
        elif kind == "http" and path != "/" and not path.startswith(SERVED):
            await _answer(send, 404, self._plain("missing", "/"), "text/html; charset=utf-8")
        elif kind == "http" and path == "/" and self._crowded():
            own = f"<p>{language(WANTED.get()).say('server-own')} <code>invisible-debt view</code></p>"
            await _answer(send, 503, self._plain("full", "", own, seats=self.house.seats), "text/html; charset=utf-8")
        else:
            await self.inner(scope, receive, send)

    @staticmethod
    def _plain(why: str, to: str, rest: str = "", **values: int) -> str:
        """A page that says why there is no other."""
        speaker = language(WANTED.get())
        title, about, link = (speaker.say(f"server-{why}-{part}", **given) for part, given in
                              (("title", {}), ("about", values), ("link", {})))  # fmt: skip
        return PLAIN.format(tag=speaker.tag, title=title, about=about, to=to, link=link, rest=rest)

    def _crowded(self) -> bool:
        from solara.server.kernel_context import contexts

        return self.house.full() or len(contexts) >= self.house.seats + STARTING

    def _is_asset(self, path: str) -> bool:
        wanted = (self.assets / path.removeprefix("/_solara/cdn/")).resolve()
        return wanted.is_relative_to(self.assets) and wanted.is_file()


def _same_origin(scope: Any) -> bool:
    headers = dict(scope["headers"])
    origin = headers.get(b"origin")
    return origin is None or urlsplit(origin.decode("latin-1")).netloc == headers.get(b"host", b"").decode("latin-1")


async def _answer(send: Any, status: int, text: str, kind: str) -> None:
    body = text.encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def serve(house: House, host: str, port: int, ready: Callable[[], None] = lambda: None) -> None:
    """Serve the live page until Ctrl-C; until it is terminated, where it was started deaf to Ctrl-C.

    Parameters
    ----------
    house : House
        The plan to begin with, and the seats.
    host : str
        Address to listen on.
    port : int
        Port to listen on.
    ready : callable
        Called when the page can be opened.

    Raises
    ------
    BadInput
        If the address cannot be listened on.
    """
    listening = _listen(host, port)
    listening.listen()  # who comes while the page is made ready waits
    set_house(house)
    os.environ.update(SETTINGS)
    os.environ["SOLARA_APP"] = "viz.page"
    warnings.filterwarnings("ignore", "Cookies with samesite")  # right behind https, and said to nobody on a desk
    import uvicorn
    from solara.server import server, settings, starlette

    plain = server.read_root
    server.read_root = lambda *given, **named: mended(plain(*given, **named))
    import_module(os.environ["SOLARA_APP"])  # now, not at the first visit
    gate = Gate(starlette.app, house, settings.assets.proxy_cache_dir)
    config = uvicorn.Config(gate, log_level="warning", access_log=False, loop="asyncio", timeout_graceful_shutdown=1)
    sys.setswitchinterval(HAND_OVER)
    server_of_page = uvicorn.Server(config)
    stay_deaf(server_of_page)
    ready()
    server_of_page.run(sockets=[listening])


def stay_deaf(server: Any) -> None:
    """Let a server ignore Ctrl-C if this process does, as under `nohup` or where a script starts it behind `&`.

    Parameters
    ----------
    server : uvicorn.Server
        Before it runs; left alone, it would listen for Ctrl-C in any case.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        return
    usual = server.handle_exit
    server.handle_exit = lambda number, frame: None if number == signal.SIGINT else usual(number, frame)


def mended(page: str | None) -> str | None:
    """Solara's front page with what it lacks; None, for no such page, stays None."""
    if not page:
        return page
    opening = house().plan.opening.date
    speaker = language(WANTED.get())
    month = speaker.month(opening)
    welcome, being_opened = speaker.say("page-welcome", month=month), speaker.say("page-opening", month=month)
    first = FIRST.format(welcome=welcome, opening=being_opened)
    for found, better in MENDED.items():
        page = page.replace(found, better.replace("{first}", first).replace("{tag}", speaker.tag), 1)
    return page


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
        except BaseException:
            listening.close()
            raise
    except (OSError, UnicodeError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"cannot listen on {host} port {port}: {reason}; choose another --host or --port") from None
    return listening
