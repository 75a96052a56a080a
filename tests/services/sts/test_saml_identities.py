"""AssumeRoleWithSAML: signed assertions of the account's own providers, and forged ones."""

from __future__ import annotations

import base64
import contextlib
import copy
import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from services.sts.conftest import allow, refused, trusting
from services.sts.saml_provider import (
    ENTITY,
    OTHER,
    OWN,
    SIGN_IN,
    SIGNER,
    assertion,
    encoded,
    encrypted,
    metadata,
    response,
    signed,
)

Call = Callable[..., Any]
SAML = "sts:AssumeRoleWithSAML"


@functools.cache
def _unsigned(endpoint: str) -> Any:
    return boto3.Session().client(
        "sts",
        endpoint_url=endpoint,
        region_name="us-east-1",
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def ask(endpoint: str, provider: str, trusted: str) -> Call:
    """AssumeRoleWithSAML of the trusted role, or another, by somebody without credentials."""
    sts = _unsigned(endpoint)

    def call(document: str, arn: str = trusted, **more: Any) -> Any:
        request = {"RoleArn": arn, "PrincipalArn": provider, "SAMLAssertion": document, **more}
        return sts.assume_role_with_saml(**request)

    return call


@pytest.fixture
def provider(aws: Call) -> str:
    """The ARN of the account's provider."""
    return str(
        aws("iam").create_saml_provider(Name="idp", SAMLMetadataDocument=metadata())["SAMLProviderArn"]
    )


@pytest.fixture
def trusted(role: Call, provider: str) -> str:
    """The ARN of a role that trusts the provider for AWS's sign-in, and may look at log groups."""
    condition = {"StringEquals": {"saml:aud": SIGN_IN, "saml:iss": ENTITY}}
    made = role("desk", trusting({"Federated": provider}, SAML, Condition=condition), may=[allow("logs:*")])
    return str(made["Arn"])


def test_an_assertion_gives_a_session(
    ask: Call, provider: str, trusted: str, as_: Call, account: str
) -> None:
    answer = ask(signed(trusted, provider))
    assert (answer["Subject"], answer["SubjectType"], answer["Issuer"]) == ("ada", "persistent", ENTITY)
    assert answer["Audience"] == SIGN_IN
    digest = hashlib.sha1(f"{ENTITY}{account}/idp".encode()).digest()
    assert answer["NameQualifier"] == base64.b64encode(digest).decode()
    assert answer["AssumedRoleUser"]["Arn"].endswith(":assumed-role/desk/ada@example.com")
    as_(answer["Credentials"], "logs").describe_log_groups()
    ask(encoded(SIGNER.sign(response(SIGNER.sign(etree.fromstring(assertion(trusted, provider)))))))


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        (
            {"entity": "https://evil.example.com"},
            "InvalidIdentityToken",
            "Issuer not present in specified provider",
        ),
        (
            {"recipient": "https://evil/saml"},
            "AccessDenied",
            "Not authorized to perform sts:AssumeRoleWithSAML",
        ),
        ({"issued": -301}, "ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance"),
        ({"issued": 900}, "InvalidIdentityToken", "not valid yet"),
        ({"subject": ""}, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML"),
        (
            {"attributes": {f"{OWN}Role": None}},
            "InvalidIdentityToken",
            "SAML Assertion doesn't contain the requested Role and Metadata in the attributes",
        ),
        (
            {"attributes": {f"{OWN}RoleSessionName": None}},
            "InvalidIdentityToken",
            "RoleSessionName is required in",
        ),
        (
            {"attributes": {f"{OWN}RoleSessionName": ["Ada L"]}},
            "InvalidIdentityToken",
            "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}",
        ),
        (
            {"attributes": {f"{OWN}SourceIdentity": ["a b"]}},
            "InvalidIdentityToken",
            'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"',
        ),
        ({"signer": OTHER}, "InvalidIdentityToken", "Response signature invalid"),
    ],
)
def test_what_does_not_hold(
    changed: Any, code: str, message: str, ask: Call, provider: str, trusted: str
) -> None:
    found = refused(ask, document=signed(trusted, provider, **changed))
    assert found[0] == code
    assert message in found[1]


BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
LATER, PAST = "2100-01-01T00:00:00Z", "2020-01-01T00:00:00Z"


def _confirmation(**given: str) -> str:
    given = {"NotOnOrAfter": LATER, "Recipient": SIGN_IN, **given}
    stated = " ".join(f'{name}="{value}"' for name, value in given.items() if value)
    return f'<SubjectConfirmation Method="{BEARER}"><SubjectConfirmationData {stated}/></SubjectConfirmation>'


UNREADABLE = ("InvalidIdentityToken", "Invalid base64 SAMLResponse (Service: AWSOpenIdDiscoveryService;")
EXPIRED = ("ExpiredTokenException", "Response has expired")


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        pytest.param({"audience": "urn:unrelated:application"}, None, id="wrong_audience"),
        pytest.param({"conditions": "<Conditions/>"}, None, id="no_audience_restriction"),
        pytest.param({"conditions": ""}, UNREADABLE, id="no_conditions"),
        pytest.param(
            {"conditions": f'<Conditions NotBefore="{LATER}"/>'}, None, id="future_conditions_86400"
        ),
        pytest.param(
            {"conditions": '<Conditions NotBefore="invalid"/>'}, UNREADABLE, id="malformed_notbefore"
        ),
        pytest.param(
            {"conditions": f'<Conditions NotOnOrAfter="{PAST}"/>'}, EXPIRED, id="expired_conditions"
        ),
        pytest.param(
            {"confirmation": _confirmation(NotOnOrAfter="")}, UNREADABLE, id="missing_subject_expiry"
        ),
        pytest.param({"confirmation": _confirmation(NotOnOrAfter=PAST)}, EXPIRED, id="expired_subject"),
        pytest.param({"confirmation": _confirmation(NotBefore=LATER)}, None, id="future_subject_notbefore"),
        pytest.param({"confirmation": _confirmation(Recipient="")}, UNREADABLE, id="missing_recipient"),
        pytest.param({"confirmation": _confirmation() * 2}, UNREADABLE, id="duplicate_subject_confirmation"),
        pytest.param({"statement": ""}, UNREADABLE, id="no_authn_statement"),
        pytest.param(
            {"statement": f'<AuthnStatement SessionNotOnOrAfter="{PAST}"/>'}, EXPIRED, id="session_expired"
        ),
        pytest.param({"subject": "<NameID>ada</NameID>"}, UNREADABLE, id="subject_missing_format"),
        pytest.param({"subject": '<NameID Format="custom-format">ada</NameID>'}, None, id="arbitrary_format"),
    ],
)
def test_what_aws_was_recorded_to_say(
    changed: Any, answer: Any, ask: Call, provider: str, trusted: str
) -> None:
    """Radkawar/stackd, internal/services/sts/testdata/saml_aws.json: each by its scenario's name."""
    document = signed(trusted, provider, **changed)
    if answer is None:
        assert ask(document)["Subject"] == "ada"
        return
    code, message = refused(ask, document=document)
    assert code == answer[0]
    assert message.startswith(answer[1])


@pytest.fixture(scope="module")
def own_key() -> Any:
    """The account's private key, with which encrypted assertions are opened."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


@pytest.mark.parametrize(
    "kind",
    [
        {"method": "aes128-cbc"},
        {"method": "aes256-cbc"},
        {"method": "aes128-gcm"},
        {"method": "aes256-gcm"},
        {"digest": "sha256"},
        {"digest": "sha256", "mask": "sha256"},
    ],
    ids=lambda kind: "-".join(kind.values()),
)
def test_an_encrypted_assertion_is_opened(
    kind: Any, ask: Call, provider: str, trusted: str, aws: Call, own_key: Any
) -> None:
    """Radkawar/stackd, saml_aws.json: encrypted_…; the newest of two keys or the one before opens it."""
    iam = aws("iam")
    iam.update_saml_provider(SAMLProviderArn=provider, AddPrivateKey=_pem(OTHER.key))
    iam.update_saml_provider(SAMLProviderArn=provider, AddPrivateKey=_pem(own_key))
    document = encoded(response(encrypted(_good(trusted, provider), own_key, **kind)))
    assert ask(document)["Subject"] == "ada"


def test_where_encryption_is_required(
    ask: Call, provider: str, trusted: str, aws: Call, own_key: Any
) -> None:
    """Radkawar/stackd, saml_required_aws.json."""
    aws("iam").update_saml_provider(
        SAMLProviderArn=provider, AddPrivateKey=_pem(own_key), AssertionEncryptionMode="Required"
    )
    code, message = refused(ask, document=signed(trusted, provider))
    assert (code, message.startswith(UNREADABLE[1])) == ("InvalidIdentityToken", True)
    assert ask(encoded(response(encrypted(_good(trusted, provider), own_key))))["Subject"] == "ada"


def test_what_cannot_be_opened_is_refused_like_what_is_forged(
    ask: Call, provider: str, trusted: str, aws: Call, own_key: Any
) -> None:
    """One answer for all: who alters what is encrypted does not learn how far it was understood."""
    aws("iam").update_saml_provider(SAMLProviderArn=provider, AddPrivateKey=_pem(own_key))
    good = _good(trusted, provider)
    unsigned = etree.fromstring(assertion(trusted, provider))
    altered = encrypted(good, own_key, method="aes128-cbc")
    value = altered.findall(".//{http://www.w3.org/2001/04/xmlenc#}CipherValue")[1]
    content = bytearray(base64.b64decode(value.text))
    content[-1] ^= 1
    value.text = base64.b64encode(content).decode()
    for one in (
        encrypted(good, OTHER.key),
        encrypted(good, own_key, scheme="none"),
        encrypted(good, own_key, method="tripledes-gcm"),
        encrypted(unsigned, own_key),
        encrypted(OTHER.sign(etree.fromstring(assertion(trusted, provider))), own_key),
        altered,
        etree.fromstring('<EncryptedAssertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>'),
    ):
        answer = refused(ask, document=encoded(response(one)))
        assert answer == ("InvalidIdentityToken", "Response signature invalid")


def _good(trusted: str, provider: str) -> Any:
    return SIGNER.sign(etree.fromstring(assertion(trusted, provider)))


def _evil(trusted: str, provider: str, *, id_: str = "_evil") -> Any:
    named = '<NameID xmlns="urn:oasis:names:tc:SAML:2.0:assertion">root</NameID>'
    return etree.fromstring(assertion(trusted, provider, id_=id_, subject=named))


def _beside(trusted: str, provider: str) -> Any:
    return response(_evil(trusted, provider), _good(trusted, provider))


def _behind(trusted: str, provider: str) -> Any:
    return response(_good(trusted, provider), _evil(trusted, provider))


def _with_its_signature(trusted: str, provider: str) -> Any:
    """The signature stands in the false assertion, and speaks of the true one, kept elsewhere."""
    good = _good(trusted, provider)
    evil = _evil(trusted, provider)
    signature = good.find("{http://www.w3.org/2000/09/xmldsig#}Signature")
    evil.append(copy.deepcopy(signature))
    good.remove(signature)
    holder = etree.SubElement(evil, "{urn:oasis:names:tc:SAML:2.0:assertion}Advice")
    holder.append(good)
    return response(evil)


def _same_id(trusted: str, provider: str) -> Any:
    return response(_evil(trusted, provider, id_="_a1"), _good(trusted, provider))


WRAPPED = {
    "beside": _beside,
    "behind": _behind,
    "with its signature": _with_its_signature,
    "same id": _same_id,
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_a_wrapped_assertion_is_never_believed(kind: str, ask: Call, provider: str, trusted: str) -> None:
    """It is refused, or the signed one alone is read: never is the caller who the false one says."""
    with contextlib.suppress(ClientError):
        answer = ask(encoded(WRAPPED[kind](trusted, provider)))
        assert answer["Subject"] == "ada"
        return
    assert refused(ask, document=encoded(WRAPPED[kind](trusted, provider)))[0] == "InvalidIdentityToken"


def test_altered_and_unsigned_ones_are_refused(ask: Call, provider: str, trusted: str) -> None:
    plain = encoded(response(etree.fromstring(assertion(trusted, provider))))
    whole = encoded(SIGNER.sign(response(etree.fromstring(assertion(trusted, provider)))))
    for document in (plain, whole):
        code, message = refused(ask, document=document)
        assert code == "InvalidIdentityToken"
        assert message.startswith(
            "Response (with optional signature) must contain an assertion with a mandatory signature (Service: "
        )
    wrong = encoded(OTHER.sign(response(_good(trusted, provider))))
    assert refused(ask, document=wrong) == ("InvalidIdentityToken", "Response signature invalid")
    good = base64.b64decode(signed(trusted, provider))
    altered = base64.b64encode(good.replace(b">ada<", b">eve<")).decode()
    assert refused(ask, document=altered) == ("InvalidIdentityToken", "Response signature invalid")
    doctype = b'<!DOCTYPE x [<!ENTITY a "b">]>' + good
    for sent in (doctype, b"<x/>", b"no XML", b"\xff\xfe"):
        assert refused(ask, document=base64.b64encode(sent).decode())[0] == "InvalidIdentityToken"
    assert refused(ask, document="%%%%")[0] == "InvalidIdentityToken"


def test_a_comment_does_not_cut_a_name(ask: Call, provider: str, trusted: str) -> None:
    """`ada<!---->.evil` reads as one name: canonical XML has no comments, so they can be put in after signing."""
    named = '<NameID Format="custom-format">ada.evil.example</NameID>'
    good = base64.b64decode(signed(trusted, provider, subject=named))
    cut = base64.b64encode(good.replace(b"ada.evil", b"ada<!-- x -->.evil")).decode()
    assert ask(cut)["Subject"] == "ada.evil.example"


def test_keys_tags_and_duration_come_with_the_assertion(
    ask: Call, provider: str, role: Call, as_: Call, account: str
) -> None:
    asked = {
        "StringEquals": {
            "saml:doc": f"{account}/idp",
            "saml:sub_type": "persistent",
            "saml:mail": "ada@example.com",
        },
        "ForAnyValue:StringEquals": {"saml:edupersonaffiliation": "staff"},
    }
    seen = {
        "StringEquals": {
            "aws:PrincipalTag/team": "blue",
            "aws:SourceIdentity": "ada",
            "aws:FederatedProvider": provider,
            "saml:sub": "ada",
        },
        "Null": {"saml:doc": "true", "saml:namequalifier": "false"},
    }
    actions = [SAML, "sts:TagSession", "sts:SetSourceIdentity"]
    arn = role(
        "desk2",
        trusting({"Federated": provider}, actions, Condition=asked),
        may=[{**allow("logs:*"), "Condition": seen}],
    )["Arn"]
    attributes = {
        f"{OWN}PrincipalTag:team": ["blue"],
        f"{OWN}TransitiveTagKeys": ["team"],
        f"{OWN}SourceIdentity": ["ada"],
        f"{OWN}SessionDuration": ["900"],
        "urn:oid:1.3.6.1.4.1.5923.1.1.1.1": ["student", "staff"],
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": ["ada@example.com"],
    }
    from datetime import UTC, datetime, timedelta

    answer = ask(signed(arn, provider, attributes=attributes), arn)
    assert answer["SourceIdentity"] == "ada"
    assert answer["Credentials"]["Expiration"] - datetime.now(UTC) <= timedelta(minutes=15)
    as_(answer["Credentials"], "logs").describe_log_groups()
    found = refused(ask, document=signed(arn, provider), arn=arn)
    assert found == ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")


def test_a_missing_provider_and_the_audit(
    ask: Call, provider: str, trusted: str, aws: Call, wait_for: Call
) -> None:
    document = signed(trusted, provider)
    ask(document)
    assert refused(ask, document=document, PrincipalArn=f"{provider}x") == (
        "InvalidIdentityToken",
        "Specified provider doesn't exist",
    )

    def records() -> Any:
        looked = aws("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "AssumeRoleWithSAML"}]
        )
        return [event["CloudTrailEvent"] for event in looked["Events"]]

    found = wait_for(records)
    assert len(found) == 1, "what vouches for nobody is nobody's event"
    assert all(document not in one for one in found)
    identity = json.loads(found[0])["userIdentity"]
    qualifier = json.loads(found[0])["responseElements"]["nameQualifier"]
    assert identity == {
        "type": "SAMLUser",
        "principalId": f"{qualifier}:ada",
        "userName": "ada",
        "identityProvider": qualifier,
    }
