"""OpenID Connect providers. SNAP = localstack's test_iam_oidc.snapshot.json, recorded from AWS in 2026."""

from __future__ import annotations

from typing import Any

import pytest

from services.iam.answers import refused, without_metadata

URL = "https://oidc.example.com/path"
THUMBPRINT = "b" * 40


@pytest.fixture
def provider(iam: Any) -> str:
    """A provider with one client id and one thumbprint."""
    made = iam.create_open_id_connect_provider(
        Url=URL, ClientIDList=["client-1"], ThumbprintList=[THUMBPRINT]
    )
    return str(made["OpenIDConnectProviderArn"])


def test_a_provider_from_first_to_last(iam: Any, account: str, provider: str) -> None:
    assert provider == f"arn:aws:iam::{account}:oidc-provider/oidc.example.com/path"
    named = {"OpenIDConnectProviderArn": provider}
    found = without_metadata(iam.get_open_id_connect_provider(**named))
    created = found.pop("CreateDate")
    assert created is not None
    assert found == {
        "Url": "oidc.example.com/path",
        "ClientIDList": ["client-1"],
        "ThumbprintList": [THUMBPRINT],
        "Tags": [],
    }
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": provider}]
    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(**named, ClientID="client-2")
    assert iam.get_open_id_connect_provider(**named)["ClientIDList"] == ["client-1", "client-2"]
    for _ in range(2):
        iam.remove_client_id_from_open_id_connect_provider(**named, ClientID="client-1")
    assert iam.get_open_id_connect_provider(**named)["ClientIDList"] == ["client-2"]
    others = ["c" * 40, "d" * 40]
    iam.update_open_id_connect_provider_thumbprint(**named, ThumbprintList=others)
    assert iam.get_open_id_connect_provider(**named)["ThumbprintList"] == others
    iam.delete_open_id_connect_provider(**named)
    text = f"OpenIDConnect Provider not found for arn {provider}"
    assert refused(iam.get_open_id_connect_provider, **named) == ("NoSuchEntity", text, 404)
    text = f"OpenId connect Provider {provider} cannot be found."
    assert refused(iam.delete_open_id_connect_provider, **named) == ("NoSuchEntity", text, 404)
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def test_tags(iam: Any, provider: str) -> None:
    named = {"OpenIDConnectProviderArn": provider}
    tags = [{"Key": "k2", "Value": "v2"}, {"Key": "k1", "Value": "v1"}]
    iam.tag_open_id_connect_provider(**named, Tags=tags)
    assert iam.get_open_id_connect_provider(**named)["Tags"] == tags[::-1]
    page = iam.list_open_id_connect_provider_tags(**named, MaxItems=1)
    assert page["Tags"] == tags[1:]
    rest = iam.list_open_id_connect_provider_tags(**named, Marker=page["Marker"])
    assert (rest["Tags"], rest["IsTruncated"]) == (tags[:1], False)
    iam.untag_open_id_connect_provider(**named, TagKeys=["k2", "none"])
    assert iam.list_open_id_connect_provider_tags(**named)["Tags"] == tags[1:]
    many = [{"Key": str(number), "Value": ""} for number in range(50)]
    answer = refused(iam.tag_open_id_connect_provider, **named, Tags=many)
    assert answer == ("LimitExceeded", "The number of tags has reached the maximum limit.", 409)
    made = iam.create_open_id_connect_provider(Url="https://tagged.example.com", Tags=tags)
    assert made["Tags"] == tags[::-1]


def test_what_is_refused(iam: Any, provider: str) -> None:
    """SNAP, TestOIDCProviderCreateErrors: each text."""

    def answer(**request: Any) -> tuple[str, str, int]:
        return refused(iam.create_open_id_connect_provider, **{"Url": "https://new.example.com", **request})

    taken = ("EntityAlreadyExists", f"Provider with url {URL} already exists.", 409)
    assert answer(Url=URL) == taken
    many = [character * 40 for character in "abcdef"]
    text = "Thumbprint list must contain fewer than 5 entries."
    assert answer(ThumbprintList=many) == ("InvalidInput", text, 400)
    text = "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100"
    assert answer(ClientIDList=[str(number) for number in range(101)]) == ("LimitExceeded", text, 409)
    for url in ("http://new.example.com", "new.example.com", "https://", "https://new.example.com/?q=1"):
        assert answer(Url=url) == ("ValidationError", "Invalid Open ID Connect Provider URL", 400)
    missing = provider.replace("oidc.example.com", "none.example.com")
    text = f"OpenIDConnect Provider not found for arn {missing}"
    for call, more in (
        (iam.add_client_id_to_open_id_connect_provider, {"ClientID": "c"}),
        (iam.remove_client_id_from_open_id_connect_provider, {"ClientID": "c"}),
        (iam.update_open_id_connect_provider_thumbprint, {"ThumbprintList": []}),
        (iam.list_open_id_connect_provider_tags, {}),
    ):
        assert refused(call, OpenIDConnectProviderArn=missing, **more) == ("NoSuchEntity", text, 404)
