"""The condition keys of SAML federation, from an assertion (IAM user guide: keys, and mapping of attributes)."""

from __future__ import annotations

from batchyard.framework.check import Values
from batchyard.services.sts.saml.saml_assertions import Assertion

_EDU = "urn:oid:1.3.6.1.4.1.5923.1."
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_LISTS = {
    f"{_EDU}1.1.1": "eduPersonAffiliation",
    f"{_EDU}1.1.2": "eduPersonNickname",
    f"{_EDU}1.1.4": "eduPersonOrgUnitDN",
    f"{_EDU}1.1.7": "eduPersonEntitlement",
    f"{_EDU}1.1.9": "eduPersonScopedAffiliation",
    f"{_EDU}1.1.10": "eduPersonTargetedID",
    f"{_EDU}1.1.11": "eduPersonAssurance",
    f"{_EDU}2.1.2": "eduOrgHomePageURI",
    f"{_EDU}2.1.3": "eduOrgIdentityAuthNPolicyURI",
    f"{_EDU}2.1.4": "eduOrgLegalName",
    f"{_EDU}2.1.5": "eduOrgSuperiorURI",
    f"{_EDU}2.1.6": "eduOrgWhitePagesURI",
    "urn:oid:2.5.4.3": "cn",
}
_TEXTS = {
    f"{_EDU}1.1.3": "eduPersonOrgDN",
    f"{_EDU}1.1.5": "eduPersonPrimaryAffiliation",
    f"{_EDU}1.1.6": "eduPersonPrincipalName",
    f"{_EDU}1.1.8": "eduPersonPrimaryOrgUnitDN",
    f"{_CLAIMS}name": "name",
    "http://schemas.xmlsoap.org/claims/CommonName": "commonName",
    f"{_CLAIMS}givenname": "givenName",
    f"{_CLAIMS}surname": "surname",
    f"{_CLAIMS}emailaddress": "mail",
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid": "uid",
    "2.5.4.3": "commonName",
    "2.5.4.4": "surname",
    "2.4.5.42": "givenName",
    "2.5.4.45": "x500UniqueIdentifier",
    "0.9.2342.19200300100.1.1": "uid",
    "0.9.2342.19200300100.1.3": "mail",
    "0.9.2342.19200300.100.1.45": "organizationStatus",
}


def session_keys(assertion: Assertion, account: str, provider_name: str) -> dict[str, Values]:
    """Those that every call of the session has, too."""
    keys = {
        "saml:namequalifier": assertion.name_qualifier(account, provider_name),
        "saml:sub": assertion.subject,
        "saml:sub_type": assertion.subject_type,
    }
    return {name: value for name, value in keys.items() if value}


def trust_keys(assertion: Assertion, account: str, provider_name: str) -> dict[str, Values]:
    """Those that the role's trust policy may ask for."""
    keys: dict[str, Values] = {
        **session_keys(assertion, account, provider_name),
        "saml:aud": assertion.recipient,
        "saml:iss": assertion.issuer,
        "saml:doc": f"{account}/{provider_name}",
    }
    for name, values in assertion.attributes.items():
        if name in _LISTS and values:
            keys[f"saml:{_LISTS[name]}"] = values
        elif name in _TEXTS and values:
            keys[f"saml:{_TEXTS[name]}"] = values[0]
    return keys
