"""An ASGI application that only answers, on the server's own settings: what everything else is compared with."""

from __future__ import annotations

import json
from typing import Any

from batchyard.server.listen import listen, make_server, run

BODY = b'{"jobArn":"arn","jobName":"job","jobId":"00000000-0000-0000-0000-000000000000"}'
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())],
}


async def application(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send(START)
    await send({"type": "http.response.body", "body": BODY})


if __name__ == "__main__":
    with listen("127.0.0.1", 0) as listener:
        line = json.dumps({"endpoint": f"http://127.0.0.1:{listener.getsockname()[1]}"})
        run(make_server(application), listener, when_ready=lambda: print(line, flush=True))
