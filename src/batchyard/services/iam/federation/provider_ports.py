"""What sts reads of IAM's identity providers (`framework.ports.IdentityProviderSource`)."""

from __future__ import annotations

from batchyard.framework.ports import OidcProvider, SamlProvider
from batchyard.identity.keyring import Keyring
from batchyard.services.iam.federation.providers import OIDC_PROVIDER, SAML_PROVIDER
from batchyard.services.iam.federation.saml_providers import KEY_PURPOSE
from batchyard.store.transaction import Transaction


class ProviderSource:
    """The account's identity providers, read-only."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def find_oidc_provider(
        self, tx: Transaction, partition: str, account: str, issuer: str
    ) -> OidcProvider | None:
        """The provider of an issuer, given by its URL without the scheme; letters' case counts."""
        row = OIDC_PROVIDER.find_named(tx, {"partition": partition, "account": account}, issuer)
        if row is None or row.name != issuer:
            return None
        return OidcProvider(OIDC_PROVIDER.arn_of(row), row.name, frozenset(row.client_ids))

    def find_saml_provider(
        self, tx: Transaction, partition: str, account: str, arn: str
    ) -> SamlProvider | None:
        """The account's SAML provider with exactly this ARN."""
        row = SAML_PROVIDER.find_by_arn(tx, {"partition": partition, "account": account}, arn)
        if row is None:
            return None
        keys = tuple(self._keyring.open(KEY_PURPOSE, key["sealed"]) for key in row.private_keys)
        return SamlProvider(arn, row.name, row.metadata_document, row.encryption_mode, keys)
