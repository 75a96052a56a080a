"""Request number N of a seed: the same whenever it is asked for, but for what the scene's ids and the date are."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from input.bodies import large, mutated, rubbish
from input.framing import absurd_framing, broken_off
from input.heads import absurd_head, absurd_signature
from input.message import Message, Request
from input.operations import good_request, one_nasty_member, random_request, spoilt_good_request
from input.scene import Scene

Make = Callable[[Random, Scene], Message]


def message(seed: int, number: int, scene: Scene) -> Message:
    """One message."""
    random = Random(f"{seed}/{number}")
    make: Make = random.choices(_MAKERS, cum_weights=_CUMULATED)[0]
    return make(random, scene)


def ordinary(seed: int, number: int, scene: Scene) -> Message:
    """One message that is wholly sound: what others send."""
    random = Random(f"ordinary/{seed}/{number}")
    return _good(random, scene)


def _signed(random: Random, scene: Scene, request: Request) -> Request:
    which = random.choices(scene.credentials, weights=(6, 3, 1, 2))[0]
    if random.random() < 0.03:
        request.region = "eu-west-1"
    return request.sign(which)


def _good(random: Random, scene: Scene) -> Message:
    operation, request = good_request(random, scene)
    return Message("good", operation.name, _signed(random, scene, request).data())


def _sound(random: Random, scene: Scene) -> Message:
    operation, request = random_request(random, scene, spice=0)
    return Message("sound", operation.name, _signed(random, scene, request).data())


def _nasty(random: Random, scene: Scene) -> Message:
    choose = random.random()
    if choose < 0.3:
        operation, request = spoilt_good_request(random, scene)
    elif choose < 0.7:
        operation, request = one_nasty_member(random, scene)
    else:
        operation, request = random_request(random, scene, spice=random.choice((0.05, 0.2, 0.7)))
    return Message("nasty", operation.name, _signed(random, scene, request).data())


def _some(random: Random, scene: Scene) -> tuple[str, Request]:
    choose = random.random()
    if choose < 0.4:
        operation, request = good_request(random, scene)
    else:
        operation, request = random_request(random, scene, spice=0)
    return operation.name, request


def _of_body(kind: str, spoil: Callable[[Random, Request], str], *, signed: float = 1.0) -> Make:
    def make(random: Random, scene: Scene) -> Message:
        name, request = _some(random, scene)
        if request.method in ("GET", "DELETE"):
            request.method = "POST"
        done = spoil(random, request)
        if random.random() < signed:
            _signed(random, scene, request)
        return Message(kind, f"{name}: {done}", request.data())

    return make


def _head(random: Random, scene: Scene) -> Message:
    name, request = _some(random, scene)
    done = absurd_head(random, request, random.choice(scene.credentials))
    unclear = done in ("headers", "double")
    return Message(
        "head",
        f"{name}: {done} {request.method} {request.path[:40]}",
        request.data(),
        bodiless=request.method == "HEAD",
        answers=None if unclear else 1,
        alone=True,
    )


def _signature(random: Random, scene: Scene) -> Message:
    name, request = _some(random, scene)
    done = absurd_signature(random, request, random.choice(scene.credentials))
    return Message("signature", f"{name}: {done}", request.data(), alone=True)


def _framing(random: Random, scene: Scene) -> Message:
    _, request = _some(random, scene)
    return absurd_framing(random, _signed(random, scene, request))


def _cut(random: Random, scene: Scene) -> Message:
    _, request = _some(random, scene)
    return broken_off(random, _signed(random, scene, request), stall=False)


def _stalled(random: Random, scene: Scene) -> Message:
    _, request = _some(random, scene)
    return broken_off(random, _signed(random, scene, request), stall=True)


_WEIGHTS: dict[Make, float] = {
    _good: 50,
    _sound: 300,
    _nasty: 280,
    _of_body("mutated", mutated): 110,
    _of_body("rubbish", rubbish, signed=0.9): 70,
    _head: 60,
    _signature: 70,
    _framing: 35,
    _cut: 20,
    _of_body("large", large, signed=0.7): 1,
    _stalled: 1,
}
_MAKERS = list(_WEIGHTS)
_CUMULATED = [sum(list(_WEIGHTS.values())[: place + 1]) for place in range(len(_WEIGHTS))]
