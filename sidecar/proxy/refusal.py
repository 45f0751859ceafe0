"""What the proxy answers by itself, in the form of OpenAI's errors, which its clients can read."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from sidecar.service.serving import Send


@dataclass(eq=False)
class Refusal(Exception):
    """A request that the proxy does not pass on, or could not."""

    status: int
    code: str
    """For programs, such as rate_limit_exceeded; also the label under which refusals are counted."""
    message: str
    """For people: what is wrong, and what to do."""
    type: str = "invalid_request_error"
    retry_seconds: int | None = None
    close: bool = False
    """Whether the connection ends with it: where what follows on it cannot be trusted."""

    async def answer(self, send: Send) -> None:
        """Send it to the client."""
        error = {"message": self.message, "type": self.type, "param": None, "code": self.code}
        body = orjson.dumps({"error": error})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if self.status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        if self.retry_seconds is not None:
            headers.append((b"retry-after", str(self.retry_seconds).encode()))
        if self.close:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
