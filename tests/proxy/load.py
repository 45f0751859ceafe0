"""Thousands of requests through the proxy from many clients, some of them broken off, before a server that is killed
and started again: one event each, bodies byte for byte, memory flat. And how much later the first byte comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sidecar.event.types import FAILED, SUCCEEDED
from tests.proxy import speech
from tests.proxy.scene import DEADLINE, Proxied, events, proxy, speech_server, written

KINDS: list[dict[str, Any]] = [
    {"response_format": "wav"},
    {"response_format": "mp3"},
    {"response_format": "pcm"},
    {"response_format": "opus"},
    {"response_format": "wav", "stream": True, "pieces": 6, "gap": 0.002},
    {"response_format": "pcm", "stream_format": "sse", "pieces": 6, "gap": 0.002},
]  # a third are streams


_TURNS = 300  # of direct and proxied in turn
_COMPARED_CLIENTS = (1, 10)


@dataclass
class Result:
    requests: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    """What clients saw: whole, broken (the server died), refused (502), left (they broke it off)."""
    wrong: list[str] = field(default_factory=list)
    kills: int = 0
    seconds: float = 0.0
    memory: list[int] = field(default_factory=list)
    """Bytes of the proxy, now and then."""
    first_bytes: dict[int, tuple[float, float]] = field(default_factory=dict)
    """By clients at once: milliseconds to the first byte besides the server's own, direct and proxied; medians."""


@dataclass
class Answer:
    status: int = 0
    body: bytes = b""
    whole: bool = False
    first_byte: float = 0.0


async def ask(port: int, asked: dict[str, Any], leave_after: int | None = None) -> Answer:
    """One request on a connection of its own; broken off after so many bytes of what comes."""
    answer, began = Answer(), time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    try:
        writer.write(written(asked))
        if leave_after is not None:
            with contextlib.suppress(asyncio.IncompleteReadError):
                await reader.readexactly(leave_after)
            writer.transport.abort()
            return answer
        await _read(reader, answer, began)
    except (ConnectionError, asyncio.IncompleteReadError, ValueError):
        pass  # the server died: seen by what is missing
    finally:
        writer.close()
    return answer


async def _read(reader: asyncio.StreamReader, answer: Answer, began: float) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    answer.status = int(head[9:12])
    if b"transfer-encoding: chunked" in head:
        while True:
            size = int(await reader.readline(), 16)
            answer.first_byte = answer.first_byte or time.perf_counter() - began
            part = await reader.readexactly(size + 2)
            answer.body += part[:-2]
            if size == 0:
                break
    else:
        length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
        answer.body = await reader.readexactly(min(length, 1))
        answer.first_byte = time.perf_counter() - began
        answer.body += await reader.readexactly(length - len(answer.body))
    answer.whole = True


def expected(asked: dict[str, Any]) -> bytes:
    """The answer's body as the server makes it."""
    content = speech.audio(asked)
    return b"".join(speech.events(content, asked["pieces"])) if asked.get("stream_format") else content


def lasting_port() -> int:
    """A free port below those that the system lends to connections: a server that was killed finds it free again."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Load:
    """
    Args:
        tmp: an empty folder.
        clients: at once.
        kill_every: requests between two deaths of the speech server.
    """

    def __init__(self, tmp: Path, *, requests: int, clients: int, kill_every: int, seed: int = 1) -> None:
        self._tmp, self._clients, self._kill_every = tmp, clients, kill_every
        self._random = random.Random(seed)
        self._numbers = iter(range(requests))
        self._plans: dict[str, dict[str, Any]] = {}
        self._saw: dict[str, str] = {}
        self.result = Result(requests=requests)

    def run(self) -> Result:
        with contextlib.ExitStack() as stack:
            self._server_stack = stack.enter_context(contextlib.ExitStack())
            self._server = self._server_stack.enter_context(speech_server(self._tmp, port=lasting_port()))
            running = stack.enter_context(proxy(self._tmp, self._server.url, log_level="error"))
            began = time.monotonic()
            asyncio.run(self._load(running))
            self.result.seconds = time.monotonic() - began
            self._judge(running)
            for clients in _COMPARED_CLIENTS:
                asyncio.run(self._compare(running, clients))
        return self.result

    async def _load(self, running: Proxied) -> None:
        self._killing = asyncio.Lock()
        watching = asyncio.create_task(self._watch(running))
        await asyncio.gather(*(self._client(running) for _ in range(self._clients)))
        watching.cancel()

    async def _client(self, running: Proxied) -> None:
        for number in self._numbers:
            if number and number % self._kill_every == 0:
                async with self._killing:  # one death at a time, however long the start takes
                    await self._kill()
            text = f"request {number}"
            asked = {**self._random.choice(KINDS), "input": text, "delay": 0.02, "samples": 6000}
            leave = self._random.randrange(1, 6000) if self._random.random() < 0.1 else None
            self._plans[text] = asked
            async with asyncio.timeout(DEADLINE):
                answer = await ask(running.port, asked, leave)
            self._saw[text] = self._seen(asked, answer, leave)
        self.result.outcomes = Counter(self._saw.values())

    def _seen(self, asked: dict[str, Any], answer: Answer, leave: int | None) -> str:
        if leave is not None:
            return "left"
        if answer.whole and answer.status == 200:
            if answer.body != expected(asked):
                self.result.wrong.append(f"{asked}: other bytes")
            return "whole"
        return "refused" if answer.status == 502 else "broken"

    async def _kill(self) -> None:
        self._server.kill()
        port = self._server.port
        self._server_stack.close()
        await asyncio.sleep(0.05)
        self._server = await asyncio.to_thread(self._server_stack.enter_context, speech_server(self._tmp, port=port))
        self.result.kills += 1

    async def _watch(self, running: Proxied) -> None:
        while True:
            await asyncio.sleep(0.5)
            status = Path(f"/proc/{running.process.pid}/status").read_text()
            line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
            self.result.memory.append(int(line.split()[1]) * 1024)

    def _judge(self, running: Proxied) -> None:
        """Hold what was recorded against what was asked and seen."""
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until and len(list(running.folder.glob("*.json"))) < len(self._plans):
            time.sleep(0.1)
        found = events(running.folder)
        texts = Counter(event.data["text"] for event in found)
        wrong = self.result.wrong
        wrong += [f"{text}: {texts[text]} events" for text in self._plans if texts[text] != 1]
        wrong += [f"an event of a request that never was: {text}" for text in texts if text not in self._plans]
        for event in found:
            saw = self._saw.get(event.data["text"], "")
            if saw == "whole" and event.type != SUCCEEDED:
                wrong.append(f"{event.data['text']}: whole, and recorded as {event.type}: {event.data.get('error')}")
            if saw in ("broken", "refused") and event.type != FAILED:
                wrong.append(f"{event.data['text']}: {saw}, and recorded as {event.type}")
        sequences = sorted(event.sequence for event in found)
        if sequences != list(range(1, len(found) + 1)):
            wrong.append("the numbers of the events have gaps")
        if left := [path.name for path in running.folder.glob(".inflight/*.call")]:
            wrong.append(f"markers are left: {left[:3]}")

    async def _compare(self, running: Proxied, clients: int) -> None:
        """The first byte, direct and through the proxy in turn; each client is alone, or they come as they come."""
        times: dict[int, list[float]] = {self._server.port: [], running.port: []}

        async def one(number: int) -> None:
            for turn in range(_TURNS // clients):
                asked: dict[str, Any] = {
                    "input": f"{number} {turn}",
                    "stream": True,
                    "delay": self._random.uniform(0.02, 0.06),
                }
                for port in times:
                    first = (await ask(port, asked)).first_byte
                    times[port].append((first - asked["delay"]) * 1000)

        await asyncio.gather(*map(one, range(clients)))
        direct, proxied = (statistics.median(each) for each in times.values())
        self.result.first_bytes[clients] = direct, proxied


def told(result: Result) -> str:
    """The figures, for people."""
    early = result.memory[len(result.memory) // 5 :][:1] or [0]
    lines = [
        f"{result.requests} requests in {result.seconds:.0f} s ({result.requests / result.seconds:.0f}/s), "
        f"server killed {result.kills} times",
        f"clients saw {dict(result.outcomes)}",
        *(
            f"first byte, {clients} at once: {direct:.2f} ms direct, {proxied:.2f} through the proxy, "
            f"{proxied - direct:.2f} more (medians)"
            for clients, (direct, proxied) in result.first_bytes.items()
        ),
        f"memory: {early[0] / 1e6:.0f} MB after a fifth, {max(result.memory, default=0) / 1e6:.0f} MB at most, "
        f"{(result.memory or [0])[-1] / 1e6:.0f} MB at the end",
        f"wrong: {len(result.wrong)}",
        *result.wrong[:10],
    ]
    return "\n".join(lines)
