"""Who makes a request, as policies see it."""

from dataclasses import dataclass
from typing import Literal

PrincipalKind = Literal["root", "user", "role-session", "federated-user", "federated", "service", "anonymous"]
"""`federated-user` is a session of GetFederationToken; `federated` is somebody from an identity provider who asks
for a role (AssumeRoleWithWebIdentity, AssumeRoleWithSAML)."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The principal of a request.

    `arn` and `id` are those of sts:GetCallerIdentity: of a role session the session's ARN and `AROA…:name`.
    `role_arn` is the ARN of what stands behind a session: its role, or a federated user's IAM user.
    `service` is a service principal (`batch.amazonaws.com`), `provider` the identity provider of a `federated`
    one (an ARN, or a name such as `accounts.google.com`).
    """

    kind: PrincipalKind
    account: str
    arn: str = ""
    id: str = ""
    role_arn: str | None = None
    service: str | None = None
    provider: str | None = None

    @property
    def is_service_linked(self) -> bool:
        """A session of a service-linked role: no SCP, RCP or permissions boundary bounds it."""
        return self.role_arn is not None and ":role/aws-service-role/" in self.role_arn

    @property
    def has_identity_policies(self) -> bool:
        """It belongs to an account, whose side must allow, too. The others have the resource's side alone."""
        return self.kind in ("root", "user", "role-session", "federated-user")
