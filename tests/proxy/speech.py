"""A speech server to stand behind the proxy, as a process of its own: `python -m tests.proxy.speech PORT`.

It speaks HTTP by hand, so that it can do what a well-behaved library would not: fall silent, die within a body, send
bytes one by one. The request's own members say what it is to do.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import ssl
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.proxy import sounds

TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "pcm": "audio/pcm",
    "flac": "audio/flac",
    "aac": "audio/aac",
    "opus": "audio/ogg",
}
_TRIES = 200
seen: Counter[str] = Counter()
requests: list[dict[str, Any]] = []
_CORS = (
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Allow-Headers: authorization, content-type\r\n"
    "Access-Control-Allow-Methods: *\r\n"
)


def audio(asked: dict[str, Any]) -> bytes:
    """The answer's audio, whole; the same for the same request."""
    if "said" in asked:
        return str(asked["said"]).encode()
    text, kind = asked.get("input", asked.get("text", "")), asked.get("response_format", "wav")
    count = asked.get("samples", 2400)
    pcm = sounds.samples(text, count)
    match kind:
        case "pcm":
            return pcm
        case "mp3":
            return sounds.mp3(count // sounds.MP3_FRAME_SAMPLES)
        case "aac":
            return sounds.aac(count // sounds.AAC_FRAME_SAMPLES)
        case "flac":
            return sounds.flac(count)
        case "opus":
            return sounds.opus(count)
        case _:
            return sounds.wav(pcm, length=0xFFFFFFFF if asked.get("stream") else None)


def events(content: bytes, pieces: int) -> list[bytes]:
    """The same as server-sent events."""
    size = len(content) // pieces + 1
    parts = [content[at : at + size] for at in range(0, len(content), size)]
    lines = [{"type": "speech.audio.delta", "audio": base64.b64encode(part).decode()} for part in parts]
    lines.append({"type": "speech.audio.done", "usage": {"input_tokens": 3, "output_tokens": 7}})  # type: ignore[dict-item]
    said = [f"event: {line['type']}\ndata: {json.dumps(line)}\n\n".encode() for line in lines]
    return [*said, b"data: [DONE]\n\n"]


async def _speak(asked: dict[str, Any], writer: asyncio.StreamWriter) -> bool:
    """Answer a request for speech; whether the connection goes on."""
    await asyncio.sleep(asked.get("delay", 0))
    if asked.get("hang"):
        await asyncio.sleep(3600)
    if status := asked.get("status"):
        _whole(writer, status, json.dumps({"error": {"message": f"no: {asked.get('input')}", "code": status}}).encode())
        return True
    content = audio(asked)
    kind = asked.get("content_type", TYPES.get(asked.get("response_format", "wav"), "audio/wav"))
    pieces: list[bytes]
    if asked.get("stream_format") == "sse":
        kind, pieces = "text/event-stream; charset=utf-8", events(content, asked.get("pieces", 5))
        if message := asked.get("event_error"):
            pieces[-2:] = [
                f"data: {json.dumps({'type': 'speech.audio.error', 'error': {'message': message}})}\n\n".encode()
            ]
    elif asked.get("stream"):
        size = asked.get("piece_bytes", len(content) // asked.get("pieces", 5) + 1)
        pieces = [content[at : at + size] for at in range(0, len(content), size)]
    elif asked.get("until_close"):
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode() + content)
        return False
    else:
        dies = asked.get("die")
        length = f"Content-Length: {len(content)}\r\nX-Request-Id: up-1"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{length}\r\n{_CORS}\r\n"
        writer.write(head.encode() + (content if dies is None else content[:dies]))
        return dies is None
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n{_CORS}\r\n".encode())
    sent = 0
    for piece in pieces:
        if (dies := asked.get("die")) is not None and sent + len(piece) > dies:
            piece = piece[: dies - sent]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b"")
            return False
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        await writer.drain()
        sent += len(piece)
        await asyncio.sleep(asked.get("gap", 0))
    writer.write(b"0\r\n\r\n")
    return True


def _whole(writer: asyncio.StreamWriter, status: int, body: bytes, kind: str = "application/json") -> None:
    head = f"HTTP/1.1 {status} Status\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{_CORS}\r\n"
    writer.write(head.encode() + body)


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, list[tuple[str, str]], bytes]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ")
    headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:] if line)]
    said = dict(headers)
    if "transfer-encoding" in said:
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        body = await reader.readexactly(int(said.get("content-length", 0)))
    return method, target, headers, body


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    goes_on = True
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while goes_on:
            method, target, headers, body = await _read(reader)
            path = target.partition("?")[0]
            if path not in ("/seen", "/health"):
                requests.append({"method": method, "target": target, "headers": headers, "bytes": len(body)})
                del requests[:-50]
            seen[f"{method} {path}"] += 1
            if method == "POST" and path in ("/v1/audio/speech", "/tts_url"):
                goes_on = await _attended(json.loads(body), reader, writer)
            elif path == "/seen":
                _whole(writer, 200, json.dumps({"seen": seen, "requests": requests, "pid": os.getpid()}).encode())
            elif method == "HEAD":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nX-Model: m\r\n\r\n")
            elif method == "OPTIONS":
                writer.write(f"HTTP/1.1 204 No Content\r\n{_CORS}\r\n".encode())
            elif path == "/v1/audio/voices" and method == "POST":
                _whole(writer, 201, json.dumps({"bytes": len(body)}).encode())
            elif path in ("/v1/models", "/health", "/metrics"):
                _whole(writer, 200, json.dumps({"object": "list", "data": [{"id": "tts", "object": "model"}]}).encode())
            else:
                _whole(writer, 404, b'{"error": {"message": "no such path"}}')
            await writer.drain()
    writer.close()


async def _attended(asked: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Speak for as long as somebody listens: a client that hangs up stops the engine."""
    speaking = asyncio.ensure_future(_speak(asked, writer))
    leaving = asyncio.ensure_future(_left(reader))
    done, _ = await asyncio.wait({speaking, leaving}, return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    if speaking in done:
        return speaking.result()
    speaking.cancel()
    seen["left"] += 1
    return False


async def _left(reader: asyncio.StreamReader) -> None:
    """Ends when the other side does; what it may send before is left where it is."""
    while not reader.at_eof() and reader.exception() is None:
        await asyncio.sleep(0.005)


async def _listening(port: int, tls: ssl.SSLContext | None) -> asyncio.Server:
    """Wait for the port: while the server was dead, the system may have lent it to a connection of somebody's."""
    for _ in range(_TRIES):
        with contextlib.suppress(OSError):
            return await asyncio.start_server(_serve, "127.0.0.1", port, ssl=tls, backlog=1000)
        await asyncio.sleep(0.1)
    raise TimeoutError(f"port {port} stays taken")


async def main(port: int, certificate: Path | None) -> None:
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    server = await _listening(port, tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
