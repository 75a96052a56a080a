"""Makes a case smaller as long as it still shows what was found: for cases that plain random numbers made."""

import copy

from batchyard.policy.document import MalformedPolicy


def smallest(case, shows):
    """Leave out policies, statements, conditions, values and context keys while `shows(case)` stays true."""
    found, smaller = case, True
    while smaller:
        smaller = False
        for path in _paths(found):
            changed = copy.deepcopy(found)
            _leave_out(changed, path)
            if _still(changed, shows):
                found, smaller = changed, True
                break
    return found


def _still(case, shows):
    try:
        return shows(case)
    except (KeyError, TypeError, MalformedPolicy):
        # What was left out is needed: this is no case any more.
        return False


def _paths(value, path=()):
    """Where something can be left out: items of lists, members of objects; the outer ones first."""
    if isinstance(value, dict):
        steps = list(value)
    elif isinstance(value, list):
        steps = list(range(len(value)))
    else:
        return
    for step in steps:
        yield (*path, step)
    for step in steps:
        yield from _paths(value[step], (*path, step))


def _leave_out(case, path):
    *outer, last = path
    for step in outer:
        case = case[step]
    del case[last]
