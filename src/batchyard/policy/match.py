"""Does a statement apply? Its Action, Resource and Principal elements, compiled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from batchyard.policy.principal import Principal
from batchyard.policy.tag_values import are_in_doubt, tag_variables
from batchyard.policy.wildcard import ANY, Context, Template, Wild, are_present, compile_match, matcher

Grade = Literal["direct", "role", "account"]
"""How a Principal element names the caller: itself (or everyone), the role behind its session, its account."""

_ACCOUNT = re.compile(r"[0-9]{12}|[0-9]{4}-[0-9]{4}-[0-9]{4}")
_ROOT_ARN = re.compile(r"arn:[^:]+:iam::([0-9]{12}):root")


class Patterns:
    """Patterns without variables; tells whether one of them matches a text. Most texts meet a set and prefixes."""

    __slots__ = ("_literals", "_others", "_prefixes", "matches_all")

    def __init__(self, patterns: Iterable[tuple[str | Wild, ...]]) -> None:
        literals: set[str] = set()
        prefixes: list[str] = []
        others: list[Callable[[str], bool]] = []
        self.matches_all = False
        for pattern in patterns:
            if len(pattern) < 2:
                token = pattern[0] if pattern else ""
                if isinstance(token, str):
                    literals.add(token)
                    continue
                self.matches_all = self.matches_all or token is ANY
            elif len(pattern) == 2 and pattern[1] is ANY and isinstance(pattern[0], str):
                prefixes.append(pattern[0])
                continue
            others.append(compile_match(pattern))
        self._literals = frozenset(literals)
        self._prefixes = tuple(prefixes)
        self._others = _any_of(others)

    def match(self, text: str) -> bool:
        """Whether one of the patterns matches the whole text."""
        return (
            self.matches_all
            or text in self._literals
            or (bool(self._prefixes) and text.startswith(self._prefixes))
            or (self._others is not None and self._others(text))
        )


def _any_of(tests: list[Callable[[str], bool]]) -> Callable[[str], bool] | None:
    if len(tests) < 2:
        return tests[0] if tests else None

    def match(text: str) -> bool:
        # A loop, not any(): this is among the hottest lines of a request.
        for matches in tests:  # noqa: SIM110
            if matches(text):
                return True
        return False

    return match


def compile_actions(patterns: Iterable[Template], *, negated: bool) -> Callable[[str], bool]:
    """Test an action, given in lower case, against Action or (negated) NotAction."""
    found = Patterns(tuple(_lower(token) for token in template.resolve({})) for template in patterns)
    if negated:
        return lambda action: not found.match(action)
    return found.match


def _lower(token: str | Wild) -> str | Wild:
    return token.lower() if isinstance(token, str) else token


def compile_resources(
    patterns: Iterable[Template], *, negated: bool, denies: bool
) -> Callable[[str, Context], bool]:
    """Test a resource against Resource or (negated) NotResource of a statement that allows, or that denies.

    The resource is matched as one string, so `*` spans `/` and `:`. A variable that the context cannot fill
    makes the statement not apply, whatever its other resources are (iam-evaluation.md 2); a variable that stands for
    several tags makes what allows not apply, and what denies apply (decision 0022).
    """
    templates = tuple(patterns)
    constant = Patterns(template.resolve({}) for template in templates if template.is_constant)
    variable = tuple(template for template in templates if not template.is_constant)
    required = tuple({key for template in variable for key in template.required})
    doubtful = tag_variables(variable)
    if not variable:
        if negated:
            return lambda resource, context: not constant.match(resource)
        return lambda resource, context: constant.match(resource)

    def match(resource: str, context: Context) -> bool:
        if doubtful and are_in_doubt(doubtful, context):
            return denies
        if not are_present(required, context):
            return False
        found = constant.match(resource) or any(
            matcher(template.resolve(context))(resource) for template in variable
        )
        return found != negated

    return match


@dataclass(frozen=True, slots=True)
class Principals:
    """A Principal element (or NotPrincipal, `negated`); everyone is `*`, alone or as an AWS entry.

    The rules that the documents leave open: `*` in an Allow names a service, as it names the unsigned, but not in
    a trust policy [guess: the documents have services trusted by name alone]; CanonicalUser entries match nobody,
    as no caller here has such an id.
    """

    negated: bool
    denies: bool
    trusts: bool
    """It is of a trust policy."""
    everyone: bool
    aws: frozenset[str]
    accounts: frozenset[str]
    services: frozenset[str]
    providers: frozenset[str]

    def grade(self, principal: Principal) -> Grade | None:
        """How the element names this principal; None where the statement is not about it."""
        if self.negated:
            return "direct" if self._applies_by_exception(principal) else None
        if self.everyone and (self.denies or principal.kind != "service" or not self.trusts):
            return "direct"
        if principal.kind == "service":
            return "direct" if _without_suffix(principal.service) in self.services else None
        if principal.kind == "federated":
            return "direct" if principal.provider in self.providers else None
        if principal.kind == "anonymous":
            return None
        return self._grade_by_name(principal)

    def _grade_by_name(self, principal: Principal) -> Grade | None:
        if principal.kind != "root" and (principal.arn in self.aws or principal.id in self.aws):
            return "direct"
        if principal.role_arn is not None and self._names_role(principal):
            return "role"
        return "account" if principal.account in self.accounts else None

    def _names_role(self, principal: Principal) -> bool:
        return principal.role_arn in self.aws or principal.id.partition(":")[0] in self.aws

    def _applies_by_exception(self, principal: Principal) -> bool:
        """NotPrincipal: a Deny spares who has each of its identities listed (account, role, session).

        [doc: elements_notprincipal]. An Allow leaves out who has any of them listed [guess, the careful way].
        """
        if self.everyone:
            return False
        listed = self._listed(principal)
        if not listed:
            return True
        return not all(listed) if self.denies else not any(listed)

    def _listed(self, principal: Principal) -> list[bool]:
        if principal.kind == "anonymous":
            return []
        if principal.kind == "service":
            return [_without_suffix(principal.service) in self.services]
        if principal.kind == "federated":
            return [principal.provider in self.providers]
        listed = [principal.account in self.accounts]
        if principal.kind != "root":
            listed.append(principal.arn in self.aws or principal.id in self.aws)
        if principal.role_arn is not None:
            listed.append(self._names_role(principal))
        return listed


def compile_principals(
    element: dict[str, tuple[str, ...]] | None, *, negated: bool, denies: bool, trusts: bool
) -> Principals:
    """Compile the element's entries by type; None stands for the bare `"*"`."""
    entries = {"AWS": ("*",)} if element is None else element
    names = entries.get("AWS", ())
    accounts = {account for name in names if (account := account_of(name)) is not None}
    return Principals(
        negated=negated,
        denies=denies,
        trusts=trusts,
        everyone="*" in names,
        aws=frozenset(name for name in names if name != "*" and account_of(name) is None),
        accounts=frozenset(accounts),
        services=frozenset(_without_suffix(name) for name in entries.get("Service", ())),
        providers=frozenset(entries.get("Federated", ())),
    )


def account_of(name: str) -> str | None:
    """The account that an AWS entry stands for: twelve digits, with dashes or without, or the ARN of its root."""
    if _ACCOUNT.fullmatch(name):
        return name.replace("-", "")
    found = _ROOT_ARN.fullmatch(name)
    return found[1] if found else None


def _without_suffix(service: str | None) -> str:
    """In aws-cn a service goes by `ec2.amazonaws.com.cn`, too (docs/decisions/0000): one name for both."""
    return (service or "").removesuffix(".cn")
