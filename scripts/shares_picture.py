"""Draw docs/shares.svg: what three shares of a queue run over five hours, as the scheduler decides.

Its clock is simulated. `make docs` draws it anew. The same run is judged in tests/scheduler/test_long_runs.py.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from scheduler.simulate import Simulation  # noqa: E402

HOUR = 3600
UNTIL = 5 * HOUR
VCPUS = 32
TICK = 60
AVERAGED = 5 * TICK
COLOURS = {"analysis": "#1f6feb", "reports": "#bf8700", "urgent": "#cf222e"}
LEFT, TOP, WIDTH, HEIGHT = 46, 34, 660, 220

WORKLOAD: dict[str, Any] = {
    "tick_seconds": TICK,
    "until_seconds": UNTIL,
    "front": VCPUS,
    "environments": {"ce": {"type": "FARGATE", "max_vcpus": VCPUS}},
    "queues": {
        "q": {
            "compute_environments": ["ce"],
            "scheduling_policy": {
                "share_decay_seconds": HOUR,
                "compute_reservation": 25,
                "weights": {"urgent": 0.5},
            },
        }
    },
    "jobs": {
        name: {"queue": "q", "share": name, "vcpus": 1, "memory_mib": 2048, **more}
        for name, more in {
            "analysis": {"count": 1900, "seconds": 300},
            "reports": {"count": 1200, "seconds": 180, "at": HOUR},
            "urgent": {"count": 300, "seconds": 420, "at": 2 * HOUR},
        }.items()
    },
}


def averaged(running: Sequence[tuple[int, Mapping[str, float]]]) -> dict[str, list[tuple[int, float]]]:
    """For each share (moment, vCPUs), over AVERAGED seconds each."""
    lines: dict[str, list[tuple[int, float]]] = {name: [] for name in COLOURS}
    per = AVERAGED // TICK
    for start in range(0, len(running) - per, per):
        chunk = running[start : start + per]
        for name, line in lines.items():
            line.append((chunk[0][0], sum(one.get(name, 0.0) for _, one in chunk) / per))
    return lines


def picture() -> str:
    """The SVG."""
    trace = Simulation(WORKLOAD).run()
    lines = averaged(trace.running)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 14} {TOP + HEIGHT + 46}"'
        ' font-family="sans-serif" font-size="12" role="img" aria-label="vCPUs of three shares over five hours">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        *_grid(),
        *(_line(name, line) for name, line in lines.items()),
        *_legend(),
        "</svg>",
    ]
    return "\n".join([*parts, ""])


def _x(at: float) -> float:
    return round(LEFT + at / UNTIL * WIDTH, 1)


def _y(vcpus: float) -> float:
    return round(TOP + HEIGHT - vcpus / VCPUS * HEIGHT, 1)


def _grid() -> Iterable[str]:
    for vcpus in range(0, VCPUS + 1, 8):
        yield f'<path d="M{LEFT} {_y(vcpus)}H{LEFT + WIDTH}" stroke="#d0d7de"/>'
        yield f'<text x="{LEFT - 8}" y="{_y(vcpus) + 4}" text-anchor="end">{vcpus}</text>'
    for hour in range(6):
        yield f'<text x="{_x(hour * HOUR)}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{hour} h</text>'
    yield f'<text x="{LEFT - 30}" y="{TOP - 14}">vCPUs</text>'


def _line(name: str, line: Sequence[tuple[int, float]]) -> str:
    points = " ".join(f"{_x(at)},{_y(vcpus)}" for at, vcpus in line)
    return f'<polyline points="{points}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>'


def _legend() -> Iterable[str]:
    at = LEFT + 70
    for name, colour in COLOURS.items():
        weight = WORKLOAD["queues"]["q"]["scheduling_policy"]["weights"].get(name, 1.0)
        yield f'<rect x="{at}" y="{TOP - 24}" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{at + 18}" y="{TOP - 14}">{name}, weight factor {weight:g}</text>'
        at += 190


def main() -> None:
    (ROOT / "docs/shares.svg").write_text(picture())


if __name__ == "__main__":
    main()
