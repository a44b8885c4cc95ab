"""The gate: full, foreign and missing."""

import asyncio
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from program import deaf_to_ctrl_c, hears_ctrl_c

from abm.errors import BadInput
from abm.inputs.scenarios import BASELINE, load
from viz.house import House
from viz.plan import Plan
from viz.server import MENDED, Gate, _listen, mended


async def inner(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})


def answered(gate, **scope) -> list[dict]:
    """What the gate sends."""
    sent = []

    async def send(message):
        sent.append(message)

    # In a thread of its own: browser tests before this one leave a running loop in the main thread.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, gate({"headers": [], **scope}, None, send)).result()
    return sent


@pytest.fixture
def gate(tmp_path):
    (tmp_path / "there.js").write_text("1")
    (tmp_path / "folder").mkdir()
    return Gate(inner, House(Plan(load(BASELINE)), seats=1), tmp_path)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/_solara/cdn/there.js", 200),
        ("/_solara/cdn/missing.js", 404),
        ("/_solara/cdn/folder", 404),
        ("/_solara/cdn/../secret", 404),
        ("/_solara/cdn/", 404),
        ("/resourcez", 404),
        ("/nosuch", 404),
        ("/nosuch/deeper", 404),
        ("/static/main.js", 200),
        ("/", 200),
    ],
)
def test_only_what_is_there_is_served(gate, path, status):
    assert answered(gate, type="http", path=path)[0]["status"] == status


@pytest.mark.parametrize(
    ("origin", "host", "closed"),
    [
        (b"http://localhost:8765", b"localhost:8765", False),
        (b"http://evil.example", b"localhost:8765", True),
        (b"null", b"localhost:8765", True),
        (None, b"localhost:8765", False),
    ],
)
def test_other_sites_cannot_steer_a_run(gate, origin, host, closed):
    headers = [(b"host", host)] + ([(b"origin", origin)] if origin else [])
    sent = answered(gate, type="websocket", path="/jupyter/api/kernels/x/channels", headers=headers)
    assert (sent[0]["type"] == "websocket.close") == closed


def test_a_full_house_says_so_and_a_seat_that_is_left_is_free(gate):
    house = gate.house
    session = house.enter(house.plan)
    assert house.enter(house.plan) is None
    sent = answered(gate, type="http", path="/")
    assert sent[0]["status"] == 503
    assert b"Every seat is taken" in sent[1]["body"]
    house.leave(session)
    house.leave(session)
    assert house.taken == 0
    assert answered(gate, type="http", path="/")[0]["status"] == 200


def test_the_front_page_of_solara_is_mended():
    from importlib.resources import files

    template = (files("solara.server") / "templates" / "solara.html.j2").read_text()
    page = template.replace("{{root_path}}", "").replace("<!doctype html>\n<html>", "<html>")
    better = mended(page)
    assert better is not None
    for found, wanted in MENDED.items():
        assert found in page
        assert wanted.partition("{first}")[0].replace("{tag}", "en") in better
    assert "the books of December 2025" in better
    assert mended(None) is None


def test_an_address_that_cannot_be_listened_on_is_a_sentence():
    with _listen("127.0.0.1", 0) as busy:
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(BadInput, match=f"port {port}"):
            _listen("127.0.0.1", port)
    with pytest.raises(BadInput, match="choose another"):
        _listen("no such host", 8000)


SERVER = """
import uvicorn
from viz.server import stay_deaf

class Server(uvicorn.Server):
    async def main_loop(self):
        print("ready", flush=True)
        await super().main_loop()
        print("ends", flush=True)

server = Server(uvicorn.Config(None, port=0, lifespan="off", log_level="error"))
stay_deaf(server)
server.run()
"""


@pytest.mark.parametrize("deaf", [False, True])
def test_a_server_started_deaf_to_ctrl_c_stays_deaf(deaf):
    command = [sys.executable, "-c", SERVER]
    begin = deaf_to_ctrl_c if deaf else hears_ctrl_c
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=begin) as server:
        try:
            assert server.stdout.readline() == "ready\n"
            server.send_signal(signal.SIGINT)
            if deaf:
                with pytest.raises(subprocess.TimeoutExpired):
                    server.wait(1.0)
                server.terminate()
            assert server.stdout.readline() == "ends\n"
            server.wait(20.0)
        finally:
            server.kill()
