"""Who tells the time, who makes ids, and that nothing sleeps."""

from __future__ import annotations

import ast

import pytest

from architecture.source import trees, uses

TIMES = ("now", "utcnow", "today")
WALL = {
    "cli/explain/questions.py": "aws:CurrentTime of a question that no server is asked",
    "engines/docker/cleaning.py": "the daemon's containers have stamps of the machine",
    "engines/docker/pulls.py": "when an image was used is kept beside the daemon's own stamps",
    "engines/docker/running.py": "compared with the daemon's stamps of containers",
    "engines/process/attempts.py": "stamps when a process started and ended; the supervisor has no clock injected",
    "gateway/assuming.py": "a session's end is told in wall time on the wire",
    "gateway/authenticate.py": "signature windows are of the wall clock",
    "gateway/authorize.py": "aws:CurrentTime",
    "gateway/console_sessions.py": "a session's end is told in wall time on the wire",
    "services/ecs/controllers/endings.py": "brings the engine's stamps to the injected clock",
    "services/ecs/controllers/outputs.py": "brings the engine's stamps to the injected clock",
    "services/sts/web_identity/identity_tokens.py": "an identity provider's tokens are of the wall clock",
    "services/sts/saml/saml_assertions.py": "an identity provider's assertions are of the wall clock",
    "services/sts/saml/saml_identities.py": "an identity provider's sessions are of the wall clock",
    "services/sts/role_sessions.py": "a session's end is told in wall time on the wire",
    "services/sts/federated_users.py": "a session's end is told in wall time on the wire",
    "services/sts/session_tokens.py": "a session's end is told in wall time on the wire",
    "services/sts/web_identity/web_identity_tokens.py": "services elsewhere judge a token by the wall clock",
}
"""The files that ask for the machine's own time rather than the injected clock's; the list can only shrink."""


TIMERS = {"server/connection.py": "one timer looks over all connections for stalled ones"}
"""The files that wait for time to pass; the list can only shrink."""


def _tells_the_time(tree: ast.Module) -> list[str]:
    return [
        name
        for name in uses(tree)
        if name == "time"
        or name.startswith("time.")
        or (name.startswith("datetime.") and name.endswith(tuple(f".{one}" for one in TIMES)))
        or name in {f"date.{one}" for one in TIMES}
    ]


def _makes_ids(tree: ast.Module) -> list[str]:
    return [name for name in uses(tree) if name.split(".")[0] in ("uuid", "random")]


def _sleeps(tree: ast.Module) -> list[str]:
    return [name for name in uses(tree) if name.split(".")[-1] in ("sleep", "nanosleep", "sigtimedwait")]


def test_only_the_clock_tells_the_time() -> None:
    assert [path for path, tree in trees().items() if _tells_the_time(tree)] == ["clock.py"]


def test_who_asks_for_the_machines_own_time() -> None:
    asking = {path for path, tree in trees().items() if "batchyard.clock.wall_now" in uses(tree)}
    assert asking == set(WALL)


def test_only_ids_makes_ids() -> None:
    assert [path for path, tree in trees().items() if _makes_ids(tree)] == ["ids.py"]


def test_nothing_sleeps() -> None:
    """No thread ever; the loop in the files listed alone."""
    sleeping = {path: set(_sleeps(tree)) for path, tree in trees().items() if _sleeps(tree)}
    assert sleeping == {path: {"asyncio.sleep"} for path in TIMERS}


@pytest.mark.parametrize(
    ("rule", "trick"),
    [
        (_tells_the_time, "import time\ntime.time()"),
        (_tells_the_time, "from time import time as t"),
        (_tells_the_time, "import datetime as d\nd.datetime.now()"),
        (_tells_the_time, "from datetime import datetime as d\nd.now(tz)"),
        (_tells_the_time, "from datetime import datetime\nnow = datetime.utcnow"),
        (_makes_ids, "import uuid\nuuid.uuid4()"),
        (_makes_ids, "from uuid import uuid4 as unique"),
        (_sleeps, "from time import sleep"),
        (_sleeps, "import time as t\nt.sleep(1)"),
        (_sleeps, "import asyncio\nawait asyncio.sleep(1)"),
    ],
)
def test_the_rules_see_it(rule: object, trick: str) -> None:
    assert callable(rule)
    assert rule(ast.parse(trick))
