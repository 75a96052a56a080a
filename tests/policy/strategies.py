"""Hypothesis strategies: dice, and what `generated.py` makes of them."""

from hypothesis import strategies as st

from policy import generated
from policy.dice import Dice


def dice():
    return st.randoms(use_true_random=True).map(Dice)


def documents(**which):
    return dice().map(lambda one: generated.document(one, **which))


def decision_cases():
    return dice().map(generated.decision_case)


def condition_cases():
    return dice().map(generated.condition_case)
