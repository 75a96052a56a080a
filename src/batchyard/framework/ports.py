"""What the gateway and sts need from iam, as interfaces that iam implements and app.py hands over."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from batchyard.framework.check import Values
from batchyard.framework.container_needs import Asked
from batchyard.identity.session import Session
from batchyard.policy.sources import Source
from batchyard.policy.weight import Weight
from batchyard.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A long-term access key: the user it belongs to and its secret in clear. Root's keys have no user."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    account: str
    partition: str
    user_name: str
    user_arn: str
    user_id: str


@dataclass(frozen=True, slots=True)
class PrincipalPolicies:
    """What bounds a principal: its identity policies, its permissions boundary, its tags."""

    identity: tuple[Source, ...]
    boundary: Source | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    service_linked: bool = False
    allowed: dict[Any, dict[str, Any]] = field(default_factory=dict, compare=False, repr=False)
    """What these policies are known to allow whatever the condition keys, as the audit keeps it: the gateway's."""
    weights: dict[str, Weight] = field(default_factory=dict, compare=False, repr=False)
    """What it costs to ask them, by action in lower case; the gateway's, too."""

    characters: int = field(init=False, compare=False)
    """How long the policies are."""

    def __post_init__(self) -> None:
        boundary = len(self.boundary.policy.text) if self.boundary else 0
        characters = boundary + sum(len(source.policy.text) for source in self.identity)
        object.__setattr__(self, "characters", characters)


@dataclass(frozen=True, slots=True)
class TrustedRole:
    """A role as sts sees it."""

    arn: str
    role_id: str
    name: str
    path: str
    trust_document: str
    max_session_seconds: int
    tags: Mapping[str, str] = field(default_factory=dict)


class CredentialSource(Protocol):
    """Finds who an access key belongs to."""

    def find_access_key(self, tx: Transaction, access_key_id: str) -> AccessKey | None:
        """The active key with this id, or None."""


Prepare = Callable[[float], None]
"""Told, before it is done, of work whose result is kept, in microseconds; `Effort.prepare`, which may end the call."""


def unbounded(_: float) -> None:
    """The Prepare of whoever waits for nobody's turn: controllers."""


class PolicySource(Protocol):
    """Finds what bounds a principal, and roles. What it returns is immutable and cached by version.

    `prepare` is told of each policy that has to be parsed for it.
    """

    def find_policies(
        self, tx: Transaction, session: Session, prepare: Prepare = unbounded
    ) -> PrincipalPolicies | None:
        """The policies of the session's user or role (by its unique id); None where it is gone."""

    def find_managed_policy(
        self, tx: Transaction, session: Session, arn: str, prepare: Prepare = unbounded
    ) -> Source | None:
        """A managed policy by ARN, the account's own or AWS's: for session policies."""

    def find_role(self, tx: Transaction, partition: str, account: str, name: str) -> TrustedRole | None:
        """A role by name (without path)."""

    def find_profile_role(self, tx: Transaction, partition: str, account: str, *, profile: str) -> str | None:
        """The ARN of the role inside an instance profile, given by name or by its whole ARN; None where there
        is no such profile or no role in it."""


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """What a session is asked for with, beside its role or user."""

    session_name: str
    issued_at: datetime
    expires_at: datetime
    policies: tuple[str, ...] | None = None
    policy_arns: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive_tag_keys: Sequence[str] = ()
    source_identity: str | None = None
    federated_provider: str | None = None
    """The identity provider that vouched for the caller: its ARN, or a built-in one's name."""
    federated_keys: Mapping[str, Values] = field(default_factory=dict)
    """The condition keys that the provider's token gives every call of the session."""
    least_token_bytes: int = 0
    """How long the session token is to be at least."""


class SessionIssuer(Protocol):
    """Makes temporary credentials: the gateway's, as sessions are made nowhere else."""

    def issue_role(
        self, caller: Session, role: TrustedRole, terms: SessionTerms, *, account: str, epoch: int
    ) -> tuple[Session, dict[str, Any]]:
        """A session of `role` (of `account`) for `caller`, and its credentials in STS's shape."""

    def issue_federated(self, caller: Session, terms: SessionTerms) -> tuple[Session, dict[str, Any]]:
        """A federated user's session, within what `caller` (a user or root) may, and its credentials."""

    def issue_temporary(
        self,
        caller: Session,
        *,
        issued_at: datetime,
        expires_at: datetime,
        mfa: bool,
        least_token_bytes: int = 0,
    ) -> dict[str, Any]:
        """Temporary credentials of the caller itself, in STS's shape."""


class MfaSource(Protocol):
    """Tells whether a user holds the MFA device that they speak of."""

    def has_device(self, tx: Transaction, session: Session, serial_number: str) -> bool:
        """Whether the device with this serial number is enabled for the session's user."""

    def takes_code(
        self, tx: Transaction, session: Session, serial_number: str, code: str, *, now: datetime
    ) -> bool:
        """Whether the user's device shows this code now. Each code is taken once."""


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """An OpenID Connect provider as sts sees it; `name` is the issuer's URL without the scheme."""

    arn: str
    name: str
    client_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class SamlProvider:
    """A SAML provider as sts sees it."""

    arn: str
    name: str
    metadata_document: str
    encryption_mode: str
    private_keys: tuple[str, ...] = field(default=(), repr=False)
    """Those that open encrypted assertions, in PEM."""


class IdentityProviderSource(Protocol):
    """Finds an account's identity providers."""

    def find_oidc_provider(
        self, tx: Transaction, partition: str, account: str, issuer: str
    ) -> OidcProvider | None:
        """The provider of an issuer, given by its URL without the scheme; letters' case counts."""

    def find_saml_provider(
        self, tx: Transaction, partition: str, account: str, arn: str
    ) -> SamlProvider | None:
        """The account's SAML provider with exactly this ARN."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of the account's own issuer of web identity tokens."""

    issuer_id: str
    key_id: str
    private_key: str = field(repr=False)
    """In PEM."""


class TokenIssuerSource(Protocol):
    """Finds the keys of an account's own issuer of web identity tokens."""

    def find_signing_key(
        self, tx: Transaction, partition: str, account: str, algorithm: str
    ) -> SigningKey | None:
        """The key for RS256 or ES384; None where the account has not enabled outbound federation."""

    def find_public_keys(self, tx: Transaction, issuer_id: str) -> Sequence[Mapping[str, str]] | None:
        """An issuer's public keys as JSON Web Keys, enabled or not: tokens outlive that. None: no such issuer."""


@dataclass(frozen=True, slots=True)
class EngineRefusal:
    """Why an engine does not run what is asked."""

    text: str
    by_setting: bool
    """The engine could, and its settings do not give it; else it is not built."""


class EngineAbilities(Protocol):
    """What the engines behind compute environments and clusters make true; a tag names one; None: the default."""

    def names_for(self, account: str) -> Sequence[str]:
        """The engines that the account's tags may name."""

    def of(self, account: str, tag: str | None) -> frozenset[str] | None:
        """The abilities (engines/abilities.py) that a job may need there, be they honoured or ignored. None: the
        settings list no engine of that name for the account."""

    def most_nodes(self, account: str, tag: str | None) -> int:
        """How many nodes of one job the engine can run at once; 0 where it starts no gangs, or is not open."""

    def refusal(self, account: str, tags: Collection[str | None], asked: Asked) -> EngineRefusal | None:
        """Why none of the engines can run what is asked; None where an engine can, and where none of them is open."""
