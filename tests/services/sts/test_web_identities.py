"""AssumeRoleWithWebIdentity: unsigned calls, tokens of the account's own providers, keys from files."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import boto3
import jwt
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from batchyard.app import App
from services.sts.conftest import allow, document, refused, trusting
from services.sts.identity_provider import EC_KEY, OTHER_RSA_KEY, RSA_KEY, Issuer

Call = Callable[..., Any]
WEB = "sts:AssumeRoleWithWebIdentity"


@pytest.fixture
def unsigned(endpoint: str) -> Any:
    """STS for somebody without credentials."""
    return boto3.Session().client(
        "sts",
        endpoint_url=endpoint,
        region_name="us-east-1",
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def issuer(app: App, account: str, aws: Call) -> Issuer:
    """An issuer that the account knows, for one client id."""
    made = Issuer(app.directory / "identity-keys", f"issuer-{account}.example.com/tenant")
    aws("iam").create_open_id_connect_provider(Url=made.url, ClientIDList=["sts.amazonaws.com"])
    return made


@pytest.fixture
def provider(issuer: Issuer, account: str) -> str:
    """The provider's ARN."""
    return f"arn:aws:iam::{account}:oidc-provider/{issuer.name}"


@pytest.fixture
def trusted(role: Call, provider: str) -> str:
    """The ARN of a role that trusts the provider, and may look at log groups."""
    made = role("ci", trusting({"Federated": provider}, WEB), may=[allow("logs:*")])
    return str(made["Arn"])


def wanted(token: str, arn: str, **more: Any) -> dict[str, Any]:
    return {"RoleArn": arn, "RoleSessionName": "build", "WebIdentityToken": token, **more}


def test_a_token_gives_a_session(
    unsigned: Any, issuer: Issuer, provider: str, trusted: str, as_: Call, account: str
) -> None:
    answer = unsigned.assume_role_with_web_identity(**wanted(issuer.token(), trusted, DurationSeconds=900))
    assert answer["SubjectFromWebIdentityToken"] == "repo:org/app"
    assert (answer["Audience"], answer["Provider"]) == ("sts.amazonaws.com", provider)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/ci/build"
    as_(answer["Credentials"], "logs").describe_log_groups()
    by_curve = issuer.token(key=EC_KEY, algorithm="ES256", kid="ec")
    unsigned.assume_role_with_web_identity(**wanted(by_curve, trusted))


def test_a_signature_beside_the_token_is_not_looked_at(issuer: Issuer, trusted: str, as_: Call) -> None:
    stranger = as_({"key": "AKIAQAAAAAAAAAAAAAAA", "secret": "wrong"})
    stranger.assume_role_with_web_identity(**wanted(issuer.token(), trusted))


LATER = 99999999999
TIMESTAMP = "Invalid timestamp in token claims."
NOT_VALIDATED = (
    "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for"
    " requirements."
)
TAGS = "https://aws.amazon.com/tags"
TAGS_TEXT = "principal_tags passed in claim is not in correct format."


@pytest.mark.parametrize(
    ("claims", "text"),
    [
        ({"aud": "somebody-else"}, NOT_VALIDATED),
        ({"aud": ["somebody-else"]}, NOT_VALIDATED),
        ({"azp": "somebody-else"}, NOT_VALIDATED),
        (
            {"aud": ["sts.amazonaws.com", "y"]},
            "Token audience contains more than one audience while authorized party is not present",
        ),
        ({"aud": []}, "Claim is not allowed to be empty: aud"),
        ({"aud": None}, "Missing a required claim: aud"),
        ({"sub": None}, "Missing a required claim: sub"),
        ({"exp": None}, "Missing a required claim: exp"),
        ({"iat": None}, "Missing a required claim: iat"),
        ({"exp": True}, TIMESTAMP),
        ({"iat": 1.5}, TIMESTAMP),
        ({"iss": "https://other.example.com"}, "No OpenIDConnect provider found"),
        ({"iss": ["x"]}, ""),
        ({"iat": LATER, "exp": LATER}, f"Token issued in the future: {LATER}"),
        ({"nbf": LATER}, f"must be after or equal to the not-before date/time {LATER}"),
        ({TAGS: "x"}, TAGS_TEXT),
        ({TAGS: {"principal_tags": {"a": ["x", "y"]}}}, TAGS_TEXT),
        ({TAGS: {"principal_tags": {"a": "x"}}}, TAGS_TEXT),
    ],
)
def test_claims_that_do_not_hold(claims: Any, text: str, unsigned: Any, issuer: Issuer, trusted: str) -> None:
    """Recorded: radkawar/stackd, internal/services/sts/testdata/oidc/aws.json."""
    found = refused(unsigned.assume_role_with_web_identity, **wanted(issuer.token(**claims), trusted))
    assert found[0] == "InvalidIdentityToken"
    assert text in found[1]


def test_claims_that_hold(unsigned: Any, issuer: Issuer, trusted: str) -> None:
    """Recorded in the same place: an issuer's clock may be five minutes off, and types are taken as they come."""
    now = issuer.claims()["iat"]
    for claims in (
        {"sub": 7},
        {"exp": str(now + 60)},
        {"exp": now - 200},
        {"iat": now + 200, "nbf": now + 200},
        {"aud": ["other", "more"], "azp": "sts.amazonaws.com"},
    ):
        answer = unsigned.assume_role_with_web_identity(**wanted(issuer.token(**claims), trusted))
        assert answer["SubjectFromWebIdentityToken"] == str(claims.get("sub", "repo:org/app"))
        assert answer["Audience"] == "sts.amazonaws.com"


def test_an_expired_token(unsigned: Any, issuer: Issuer, trusted: str) -> None:
    """Recorded: aws/aws-sdk-java-v2#5709."""
    token = issuer.token(exp=issuer.claims()["iat"] - 300)
    code, message = refused(unsigned.assume_role_with_web_identity, **wanted(token, trusted))
    assert code == "ExpiredTokenException"
    now, expired = (int(word) for word in message.split() if word.isdigit())
    assert now >= expired
    assert message == (
        f"Token expired: current date/time {now} must be before the expiration date/time {expired}"
    )


def test_a_token_without_a_key_id_takes_the_only_key(unsigned: Any, issuer: Issuer, trusted: str) -> None:
    token = issuer.token(kid=None)
    assert "verification key" in refused(unsigned.assume_role_with_web_identity, **wanted(token, trusted))[1]
    issuer.publish(json.loads(RSAAlgorithm.to_jwk(RSA_KEY.public_key())))
    unsigned.assume_role_with_web_identity(**wanted(token, trusted))


@pytest.mark.parametrize(
    ("provider_id", "token", "found"),
    [
        (
            "www.amazon.com",
            None,
            ("InvalidIdentityToken", "Provided Token is not a Login With Amazon token"),
        ),
        ("www.amazon.com", "Atza|abcdef", ("IDPCommunicationError", "could not be reached")),
        ("graph.facebook.com", "EAAabcdef", ("IDPCommunicationError", "could not be reached")),
        ("example.com", "abcdef", ("ValidationError", "example.com is not a supported identity provider.")),
    ],
)
def test_access_tokens_of_oauth_providers_cannot_be_verified(
    provider_id: str, token: str | None, found: tuple[str, str], unsigned: Any, issuer: Issuer, trusted: str
) -> None:
    request = wanted(token or issuer.token(), trusted, ProviderId=provider_id)
    code, text = refused(unsigned.assume_role_with_web_identity, **request)
    assert code == found[0]
    assert found[1] in text


def _without_algorithm(issuer: Issuer) -> str:
    # PyJWT takes None for this algorithm; its types do not say so.
    return jwt.encode(
        issuer.claims(),
        None,  # type: ignore[arg-type]
        algorithm="none",
        headers={"kid": "rsa"},
    )


def _signed_with_the_public_key(issuer: Issuer) -> str:
    """HS256 with the issuer's public key as the secret, which everybody has."""
    public = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT", "kid": "rsa"}, issuer.claims())
    )
    import hashlib
    import hmac

    proof = hmac.digest(public, head + b"." + body, hashlib.sha256)
    return b".".join([head, body, base64.urlsafe_b64encode(proof).rstrip(b"=")]).decode()


def _with_another_body(issuer: Issuer) -> str:
    head, _, proof = issuer.token().split(".")
    return ".".join([head, issuer.token(sub="repo:org/other").split(".")[1], proof])


FORGED: dict[str, Callable[[Issuer], str]] = {
    "alg none": _without_algorithm,
    "HS256 with the public key": _signed_with_the_public_key,
    "another key": lambda issuer: issuer.token(key=OTHER_RSA_KEY),
    "another body": _with_another_body,
    "a curve's key id": lambda issuer: issuer.token(kid="ec"),
    "an unknown key id": lambda issuer: issuer.token(kid="nobody"),
    "no token": lambda issuer: "x" * 40,
    "three parts": lambda issuer: "a.b.c",
    "deep": lambda issuer: f"{issuer.token().split('.')[0]}.{base64.b64encode(b'[' * 12000).decode()}.x",
}


@pytest.mark.parametrize("kind", FORGED)
def test_forged_tokens_are_refused(kind: str, unsigned: Any, issuer: Issuer, trusted: str) -> None:
    token = FORGED[kind](issuer)
    assert refused(unsigned.assume_role_with_web_identity, **wanted(token, trusted))[0] == (
        "InvalidIdentityToken"
    )


def test_keys_come_and_go_with_the_file(unsigned: Any, issuer: Issuer, trusted: str) -> None:
    """Recorded, for an issuer whose keys are not to be had: aws/aws-sdk-js-v3#3052."""
    issuer.publish()
    assert refused(unsigned.assume_role_with_web_identity, **wanted(issuer.token(), trusted)) == (
        "InvalidIdentityToken",
        "Couldn't retrieve verification key from your identity provider,  please reference"
        " AssumeRoleWithWebIdentity documentation for requirements",
    )
    Issuer(issuer._file.parents[len(issuer.name.split("/"))], issuer.name)
    unsigned.assume_role_with_web_identity(**wanted(issuer.token(), trusted))


def test_private_and_secret_keys_in_the_file_are_no_keys(unsigned: Any, issuer: Issuer, trusted: str) -> None:
    issuer.publish({**json.loads(RSAAlgorithm.to_jwk(RSA_KEY)), "kid": "rsa"})
    secret = {"kty": "oct", "k": base64.urlsafe_b64encode(b"s" * 32).decode(), "kid": "oct"}
    assert (
        "verification key"
        in refused(unsigned.assume_role_with_web_identity, **wanted(issuer.token(), trusted))[1]
    )
    issuer.publish(secret)
    token = issuer.token(key=b"s" * 32, algorithm="HS256", kid="oct")
    assert refused(unsigned.assume_role_with_web_identity, **wanted(token, trusted))[0] == (
        "InvalidIdentityToken"
    )


def test_the_trust_policy_decides_by_subject_and_audience(
    unsigned: Any, issuer: Issuer, provider: str, role: Call, aws: Call, account: str
) -> None:
    """GitHub's way: the branch is in the subject. Text recorded: aws/aws-sdk-js-v3#6225, iam-evaluation.md 6."""
    condition = {
        "StringEquals": {f"{issuer.name}:aud": "sts.amazonaws.com"},
        "StringLike": {f"{issuer.name}:sub": "repo:org/app:ref:refs/heads/*", "sts:RoleSessionName": "bu*"},
    }
    arn = role("ci", trusting({"Federated": provider}, WEB, Condition=condition))["Arn"]
    good = issuer.token(sub="repo:org/app:ref:refs/heads/main")
    unsigned.assume_role_with_web_identity(**wanted(good, arn))
    denied = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    assert refused(unsigned.assume_role_with_web_identity, **wanted(issuer.token(), arn)) == denied
    named = {**wanted(good, arn), "RoleSessionName": "other"}
    assert refused(unsigned.assume_role_with_web_identity, **named) == denied
    missing = f"arn:aws:iam::{account}:role/missing"
    assert refused(unsigned.assume_role_with_web_identity, **wanted(good, missing)) == denied
    for number, trust in enumerate(
        (
            trusting({"AWS": account}, WEB),
            trusting({"Federated": f"{provider}x"}, WEB),
            trusting({"Federated": provider}),
        )
    ):
        other = role(f"other{number}", trust)["Arn"]
        assert refused(unsigned.assume_role_with_web_identity, **wanted(good, other)) == denied


def test_tags_and_a_source_identity_come_with_the_token(
    unsigned: Any, issuer: Issuer, provider: str, role: Call, as_: Call
) -> None:
    both = [WEB, "sts:TagSession", "sts:SetSourceIdentity"]
    seen = {
        "StringEquals": {
            "aws:PrincipalTag/team": "blue",
            "aws:SourceIdentity": "ada",
            "aws:FederatedProvider": provider,
            f"{issuer.name}:sub": "repo:org/app",
            f"{issuer.name}:aud": "sts.amazonaws.com",
        },
        "ForAnyValue:StringEquals": {f"{issuer.name}:amr": "mfa"},
    }
    asking = {
        "StringEquals": {"aws:RequestTag/team": "blue"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
    }
    arn = role(
        "ci",
        trusting({"Federated": provider}, both, Condition=asking),
        may=[{**allow("logs:*"), "Condition": seen}],
    )["Arn"]
    claims: dict[str, Any] = {
        "https://aws.amazon.com/tags": {
            "principal_tags": {"team": ["blue"]},
            "transitive_tag_keys": ["team"],
        },
        "https://aws.amazon.com/source_identity": "ada",
        "amr": ["pwd", "mfa"],
    }
    answer = unsigned.assume_role_with_web_identity(**wanted(issuer.token(**claims), arn))
    assert answer["SourceIdentity"] == "ada"
    assert answer["PackedPolicySize"] >= 1
    as_(answer["Credentials"], "logs").describe_log_groups()
    del claims["https://aws.amazon.com/tags"]
    claims["https://aws.amazon.com/tags/principal_tags/team"] = "blue"
    claims["https://aws.amazon.com/tags/transitive_tag_keys"] = ["team"]
    answer = unsigned.assume_role_with_web_identity(**wanted(issuer.token(**claims), arn))
    as_(answer["Credentials"], "logs").describe_log_groups()
    both_ways = role("open", trusting({"Federated": provider}, both))["Arn"]
    reserved = {**claims, "https://aws.amazon.com/tags/principal_tags/aws:x": "y"}
    found = refused(unsigned.assume_role_with_web_identity, **wanted(issuer.token(**reserved), both_ways))
    assert found == ("InvalidParameterValue", "Tag keys beginning with aws: are reserved for system use.")
    plain = role("plain", trusting({"Federated": provider}, WEB))["Arn"]
    found = refused(unsigned.assume_role_with_web_identity, **wanted(issuer.token(**claims), plain))
    assert found == ("AccessDenied", "Not authorized to perform sts:TagSession")


def test_another_accounts_provider_does_not_count(
    unsigned: Any, issuer: Issuer, role: Call, endpoint: str, other_account: str, provider: str
) -> None:
    from conftest import client

    trust = document(trusting({"Federated": provider}, WEB))
    made = client(endpoint, "iam", access_key=other_account).create_role(
        RoleName="ci", AssumeRolePolicyDocument=trust
    )
    found = refused(unsigned.assume_role_with_web_identity, **wanted(issuer.token(), made["Role"]["Arn"]))
    assert found == (
        "InvalidIdentityToken",
        f"No OpenIDConnect provider found in your account for {issuer.url}",
    )


def test_what_is_wrong_with_the_request_itself(
    unsigned: Any, issuer: Issuer, trusted: str, aws: Call
) -> None:
    token = issuer.token()
    user = trusted.replace(":role/", ":user/")
    assert refused(unsigned.assume_role_with_web_identity, **wanted(token, user)) == (
        "ValidationError",
        f"{user} is invalid",
    )
    longer = wanted(token, trusted, DurationSeconds=7200)
    assert refused(unsigned.assume_role_with_web_identity, **longer) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )
    assert refused(unsigned.get_caller_identity)[0] == "MissingAuthenticationToken"


def test_the_audit_has_the_call_and_not_the_token(
    unsigned: Any, issuer: Issuer, provider: str, trusted: str, aws: Call, wait_for: Call
) -> None:
    token = issuer.token()
    given = unsigned.assume_role_with_web_identity(**wanted(token, trusted))["Credentials"]

    def records() -> Any:
        looked = aws("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "AssumeRoleWithWebIdentity"}]
        )
        return [event["CloudTrailEvent"] for event in looked["Events"]]

    found = wait_for(records)[0]
    assert token not in found
    assert given["SecretAccessKey"] not in found
    assert given["SessionToken"] not in found
    assert json.loads(found)["userIdentity"] == {
        "type": "WebIdentityUser",
        "principalId": f"{provider}:sts.amazonaws.com:repo:org/app",
        "userName": "repo:org/app",
        "identityProvider": provider,
    }
    assert json.loads(found)["responseElements"]["subjectFromWebIdentityToken"] == "repo:org/app"


def test_an_issuer_that_leads_out_of_the_directory_has_no_keys(
    unsigned: Any, app: App, aws: Call, account: str, role: Call
) -> None:
    name = f"issuer-{account}.example.com/a/.."
    issuer = Issuer(app.directory / "identity-keys", f"issuer-{account}.example.com")
    aws("iam").create_open_id_connect_provider(Url=f"https://{name}", ClientIDList=["sts.amazonaws.com"])
    arn = role("ci", trusting({"Federated": f"arn:aws:iam::{account}:oidc-provider/{name}"}, WEB))["Arn"]
    found = refused(
        unsigned.assume_role_with_web_identity, **wanted(issuer.token(iss=f"https://{name}"), arn)
    )
    assert "verification key" in found[1]
