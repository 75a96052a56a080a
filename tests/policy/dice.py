"""What the generators of `generated.py` draw from.

A `random.Random` that Hypothesis seeds: an example takes a tenth of the time of Hypothesis's own draws, and its seed
replays it. What such an example shows, `smallest.py` makes smaller.
"""


class Dice:
    def __init__(self, random):
        self._random = random

    def one_of(self, values):
        return values[int(self._random.random() * len(values))]

    def number(self, low, high):
        return low + int(self._random.random() * (high - low + 1))

    def once_in(self, times):
        """True once in so many times."""
        return self.number(1, times) == 1

    def text(self, alphabet, most):
        return "".join(self.one_of(alphabet) for _ in range(self.number(0, most)))

    def some(self, make, *, least=0, most=3):
        """A list of what `make(dice)` gives."""
        return [make(self) for _ in range(self.number(least, most))]

    def maybe_list(self, make, **bounds):
        """One value, or a list of some, as policies write their elements."""
        return self.some(make, **{"least": 1, **bounds}) if self.once_in(2) else make(self)

    def shuffled(self, items):
        return self._random.sample(items, len(items))
