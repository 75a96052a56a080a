"""GetWebIdentityToken and its issuer: tokens that a service elsewhere verifies with what the issuer publishes.

Recorded means: radkawar/stackd, testdata/aws/iam, answers of AWS in September 2026.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import jwt
import pytest
from botocore.config import Config

from batchyard.app import App
from batchyard.config import Settings
from conftest import Serving, client
from services.sts.conftest import allow, document, refused, trusting
from services.sts.relying_party import AUDIENCE, published, verified

Call = Callable[..., Any]
AWS = "https://sts.amazonaws.com/"
MAY = document(allow(["sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"]))
DISABLED = "OutboundWebIdentityFederation is disabled."


@pytest.fixture
def issuer(aws: Call) -> str:
    """The account's issuer, enabled."""
    return str(aws("iam").enable_outbound_web_identity_federation()["IssuerIdentifier"])


@pytest.fixture
def unchecked(endpoint: str, account: str) -> Any:
    """STS as root, by a client that sends what its model does not allow."""
    return boto3.Session().client(
        "sts",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=account,
        aws_secret_access_key="test",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )


def _ask(sts: Any, algorithm: str = "ES384", **more: Any) -> str:
    request = {"Audience": [AUDIENCE], "SigningAlgorithm": algorithm, **more}
    return str(sts.get_web_identity_token(**request)["WebIdentityToken"])


@pytest.mark.parametrize(("algorithm", "key_id"), [("RS256", "RSA_0"), ("ES384", "EC384_0")])
def test_a_users_token_is_verified_by_what_the_issuer_publishes(
    issuer: str, user: Call, as_: Call, account: str, endpoint: str, algorithm: str, key_id: str
) -> None:
    made = user(MAY)
    answer = as_(made).get_web_identity_token(Audience=[AUDIENCE], SigningAlgorithm=algorithm)
    token = answer["WebIdentityToken"]
    assert jwt.get_unverified_header(token) == {"kid": key_id, "typ": "JWT", "alg": algorithm}
    claims = verified(token)
    assert issuer.startswith(f"{endpoint}/_batchyard/issuers/")
    assert set(claims) == {"aud", "sub", AWS, "iss", "exp", "iat", "jti"}
    assert (claims["iss"], claims["aud"], claims["sub"]) == (issuer, AUDIENCE, made["arn"])
    assert claims["exp"] - claims["iat"] == 300
    assert int(answer["Expiration"].timestamp()) == claims["exp"]
    assert claims[AWS] == {
        "aws_account": account,
        "source_region": "us-east-1",
        "principal_id": made["arn"],
    }


def test_a_sessions_token_tells_role_tags_and_source(
    issuer: str, role: Call, user: Call, as_: Call, account: str
) -> None:
    """Recorded, outbound_issuance.json: a session's tag replaces the role's in any case, request tags stand apart."""
    all_of_it = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    arn = role(
        "acting",
        trusting({"AWS": account}, all_of_it),
        may=[allow("sts:*")],
        Path="/outbound/",
        Tags=[{"Key": "Team", "Value": "role"}, {"Key": "untouched", "Value": "retained"}],
    )["Arn"]
    given = as_(user(document(allow(all_of_it)))).assume_role(
        RoleArn=arn,
        RoleSessionName="work",
        SourceIdentity="ada",
        Tags=[{"Key": "team", "Value": "session"}],
        DurationSeconds=900,
    )["Credentials"]
    tags = [{"Key": "Team", "Value": "request"}, {"Key": "aws:test", "Value": "reserved"}]
    claims = verified(_ask(as_(given), Tags=tags))
    assert claims["sub"] == arn
    assert claims[AWS] == {
        "aws_account": account,
        "source_region": "us-east-1",
        "principal_id": arn,
        "original_session_exp": given["Expiration"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "source_identity": "ada",
        "principal_tags": {"untouched": "retained", "team": "session"},
        "request_tags": {"Team": "request", "aws:test": "reserved"},
    }
    answer = refused(
        as_(given).get_web_identity_token, Audience=["a"], SigningAlgorithm="RS256", DurationSeconds=3600
    )
    text = "Requested token expiry time must be before the original session's expiry time."
    assert answer == ("SessionDurationEscalationException", text)


def test_several_audiences_and_the_region(issuer: str, aws: Call) -> None:
    sts = aws("sts", region="eu-west-2")
    claims = verified(_ask(sts, Audience=["one", "one", "two"], DurationSeconds=60), audience="two")
    assert claims["aud"] == ["one", "one", "two"]
    assert claims[AWS]["source_region"] == "eu-west-2"
    assert claims["exp"] - claims["iat"] == 60


def test_a_token_for_another_or_altered_is_refused(issuer: str, aws: Call) -> None:
    token = _ask(aws("sts"))
    with pytest.raises(jwt.InvalidAudienceError):
        verified(token, audience="https://other.example.com")
    altered = token[:-8] + ("A" if token[-8] != "A" else "B") + token[-7:]
    with pytest.raises(jwt.InvalidSignatureError):
        verified(altered)
    assert verified(token)["exp"] <= (datetime.now(UTC) + timedelta(seconds=301)).timestamp()


def test_what_is_published_and_what_is_not(issuer: str, other_account: str, endpoint: str) -> None:
    """Recorded, outbound_issuance.json: the discovery document."""
    assert published(f"{issuer}/.well-known/openid-configuration") == {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES384"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "jti", AWS],
    }
    other = client(endpoint, "iam", access_key=other_account).enable_outbound_web_identity_federation()
    theirs = published(f"{other['IssuerIdentifier']}/.well-known/jwks.json")["keys"]
    assert theirs[0]["n"] != published(f"{issuer}/.well-known/jwks.json")["keys"][0]["n"]
    nothing = issuer[:-4] + "none"
    for path in ("", "/", "/.well-known/", "/.well-known/jwks.json/more"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            published(issuer + path)
    for request in (
        f"{nothing}/.well-known/jwks.json",
        urllib.request.Request(f"{issuer}/.well-known/jwks.json", data=b"", method="POST"),
    ):
        with pytest.raises(urllib.error.HTTPError, match=r"40[45]"):
            urllib.request.urlopen(request, timeout=5)


def test_the_issuer_lies_where_others_reach_the_server() -> None:
    """`--public-url`: what a proxy with TLS is known by, whatever address it finds the server at."""
    settings = Settings(ephemeral=True, port=0, public_url="https://batchyard.example.com/")
    serving = Serving(settings)
    try:
        # Who is let in by a public address signs with a key of IAM; here it is this machine's administrator.
        iam = serving.app.clients_of_root("111122223333", user_agent="test").iam
        issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
        assert issuer.startswith("https://batchyard.example.com/_batchyard/issuers/")
        beside = issuer.replace("https://batchyard.example.com", serving.endpoint)
        found = published(f"{beside}/.well-known/openid-configuration")
        assert (found["issuer"], found["jwks_uri"]) == (issuer, f"{issuer}/.well-known/jwks.json")
    finally:
        serving.close()


def test_private_keys_and_tokens_are_nowhere_in_clear(
    issuer: str, aws: Call, app: App, account: str, wait_for: Call
) -> None:
    token = _ask(aws("sts"))
    trail = aws("cloudtrail")
    wait_for(lambda: "GetWebIdentityToken" in str(trail.lookup_events()["Events"]))
    with app.store.read() as tx:
        lines = [line for line in tx._driver.iterdump() if account in line]
        assert any("EC384_0" in line for line in lines)
        assert not any("PRIVATE KEY" in line or token in line for line in lines)
    key = app.runtime.token_issuers.find_signing_key
    with app.store.read() as tx:
        found = key(tx, "aws", account, "ES384")
    assert found is not None
    assert found.private_key.startswith("-----BEGIN PRIVATE KEY-----")
    assert found.private_key not in repr(found)


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        (
            {"SigningAlgorithm": "RS384"},
            (
                "ValidationError",
                "Requested SigningAlgorithm is not supported. See the GetWebIdentityToken documentation for"
                " supported algorithms",
            ),
        ),
        (
            {"SigningAlgorithm": "none"},
            (
                "ValidationError",
                "1 validation error detected: Value 'none' at 'signingAlgorithm' failed to satisfy constraint:"
                " Member must have length greater than or equal to 5",
            ),
        ),
        (
            {"DurationSeconds": 59},
            (
                "ValidationError",
                "1 validation error detected: Value '59' at 'durationSeconds' failed to satisfy constraint: Member"
                " must have value greater than or equal to 60",
            ),
        ),
        (
            {"Audience": [str(number) for number in range(11)]},
            (
                "ValidationError",
                "1 validation error detected: Value '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]' at 'audience' failed to"
                " satisfy constraint: Member must have length less than or equal to 10",
            ),
        ),
        (
            {"Tags": [{"Key": "team", "Value": "1"}, {"Key": "Team", "Value": "2"}]},
            (
                "InvalidParameterValue",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ),
        ),
        ({}, ("OutboundWebIdentityFederationDisabledException", DISABLED)),
    ],
)
def test_what_is_refused_before_it_is_enabled(unchecked: Any, more: Any, answer: Any) -> None:
    """Recorded: outbound_identity.json, each."""
    request = {"Audience": [AUDIENCE], "SigningAlgorithm": "RS256", **more}
    assert refused(unchecked.get_web_identity_token, **request) == answer


def test_what_no_session_here_can_have(issuer: str, aws: Call) -> None:
    """Botocore: OriginIdentity without a trusted identity propagation context is a validation error, Scope as well."""
    sts = aws("sts")
    request = {"Audience": [AUDIENCE], "SigningAlgorithm": "ES384"}
    assert (
        refused(sts.get_web_identity_token, **request, SubjectMode="OriginIdentity")[0] == "ValidationError"
    )
    assert refused(sts.get_web_identity_token, **request, Scope="read")[0] == "ValidationError"


def test_a_payload_that_is_too_large(issuer: str, aws: Call) -> None:
    """Recorded, outbound_issuance.json: max_payload."""
    tags = [{"Key": str(number), "Value": "v" * 256} for number in range(50)]
    request = {"Audience": ["a" * 1000] * 10, "SigningAlgorithm": "RS256"}
    answer = refused(aws("sts").get_web_identity_token, **request, Tags=tags)
    assert answer == ("JWTPayloadSizeExceededException", "JWT payload exceeds maximum allowed size")
    assert len(aws("sts").get_web_identity_token(**request)["WebIdentityToken"]) > 13_000


def test_conditions_on_audience_lifetime_and_algorithm(issuer: str, user: Call, as_: Call) -> None:
    """Recorded, outbound_identity.json: the duration is told where it was not given; denials name the session."""
    condition = {
        "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": [AUDIENCE]},
        "StringEquals": {"sts:SigningAlgorithm": "RS256"},
        "NumericEquals": {"sts:DurationSeconds": "300"},
    }
    made = user(document({**allow("sts:GetWebIdentityToken"), "Condition": condition}))
    account = made["arn"].split(":")[4]
    sts = as_(made)
    good = {"Audience": [AUDIENCE], "SigningAlgorithm": "RS256"}
    sts.get_web_identity_token(**good)
    denial = "is not authorized to perform: {} on resource: {} because no identity-based policy allows the {} action"
    for other in ({"Audience": ["other"]}, {"SigningAlgorithm": "ES384"}, {"DurationSeconds": 301}):
        action, resource = "sts:GetWebIdentityToken", f"arn:aws:sts::{account}:self"
        text = f"User: {made['arn']} {denial.format(action, resource, action)}"
        assert refused(sts.get_web_identity_token, **{**good, **other}) == ("AccessDenied", text)
    tagged = refused(sts.get_web_identity_token, **good, Tags=[{"Key": "team", "Value": "test"}])
    assert tagged[0] == "AccessDenied"
    assert "sts:TagGetWebIdentityToken on resource" in tagged[1]


def test_a_users_session_has_a_token_and_a_federated_user_none(issuer: str, user: Call, as_: Call) -> None:
    """Recorded, outbound_identity.json: get_session_token_caller and federation_token_caller."""
    may = document(allow(["sts:GetWebIdentityToken", "sts:GetFederationToken"]))
    made = user(may)
    assert _ask(as_(as_(made).get_session_token()["Credentials"]))
    given = as_(made).get_federation_token(Name="ada", Policy=may)["Credentials"]
    answer = refused(as_(given).get_web_identity_token, Audience=["a"], SigningAlgorithm="ES384")
    assert answer == ("AccessDenied", "GetWebIdentityToken does not support federated user sessions")
