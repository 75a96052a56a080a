"""SAML providers. SNAP = localstack's test_iam_saml_providers.snapshot.json, recorded from AWS in 2026."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from batchyard.app import App
from services.iam.answers import refused, without_metadata


def metadata(inside: str = '<IDPSSODescriptor protocolSupportEnumeration="x"/>', attributes: str = "") -> str:
    """An identity provider's metadata, as long as IAM wants it."""
    return (
        '<?xml version="1.0"?><EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"'
        f' entityID="https://idp.example.com"{attributes}>{inside}<!-- {"x" * 1000} --></EntityDescriptor>'
    )


@pytest.fixture(scope="module")
def key() -> str:
    """A private key in PEM."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_provider_from_first_to_last(iam: Any, account: str) -> None:
    made = iam.create_saml_provider(Name="idp", SAMLMetadataDocument=metadata())
    arn = f"arn:aws:iam::{account}:saml-provider/idp"
    assert without_metadata(made) == {"SAMLProviderArn": arn}
    found = without_metadata(iam.get_saml_provider(SAMLProviderArn=arn))
    assert found["ValidUntil"] - datetime.now(UTC) > timedelta(days=36000)
    assert {key: found[key] for key in set(found) - {"CreateDate", "ValidUntil", "SAMLProviderUUID"}} == {
        "SAMLMetadataDocument": metadata(),
        "AssertionEncryptionMode": "Allowed",
        "PrivateKeyList": [],
        "Tags": [],
    }
    until = metadata(attributes=' validUntil="2030-01-02T03:04:05Z"')
    changed = iam.update_saml_provider(SAMLProviderArn=arn, SAMLMetadataDocument=until)
    assert without_metadata(changed) == {"SAMLProviderArn": arn}
    again = without_metadata(iam.get_saml_provider(SAMLProviderArn=arn))
    moment = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert again == {**found, "SAMLMetadataDocument": until, "ValidUntil": moment}
    (listed,) = iam.list_saml_providers()["SAMLProviderList"]
    assert listed == {"Arn": arn, "CreateDate": found["CreateDate"], "ValidUntil": moment}
    iam.delete_saml_provider(SAMLProviderArn=arn)
    missing = ("NoSuchEntity", f"Manifest not found for arn {arn}", 404)
    for call in (iam.get_saml_provider, iam.delete_saml_provider, iam.list_saml_provider_tags):
        assert refused(call, SAMLProviderArn=arn) == missing
    assert iam.list_saml_providers()["SAMLProviderList"] == []


def test_tags(iam: Any) -> None:
    tags = [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]
    made = iam.create_saml_provider(Name="idp", SAMLMetadataDocument=metadata(), Tags=tags)
    assert made["Tags"] == tags[::-1]
    named = {"SAMLProviderArn": made["SAMLProviderArn"]}
    iam.tag_saml_provider(**named, Tags=[{"Key": "b", "Value": "3"}])
    iam.untag_saml_provider(**named, TagKeys=["a"])
    assert iam.list_saml_provider_tags(**named)["Tags"] == [{"Key": "b", "Value": "3"}]


def test_keys_come_and_go_and_are_never_shown(iam: Any, key: str, app: App, aws: Any, wait_for: Any) -> None:
    made = iam.create_saml_provider(
        Name="idp", SAMLMetadataDocument=metadata(), AddPrivateKey=key, AssertionEncryptionMode="Required"
    )
    named = {"SAMLProviderArn": made["SAMLProviderArn"]}
    iam.update_saml_provider(**named, AddPrivateKey=key)
    answer = refused(iam.update_saml_provider, **named, AddPrivateKey=key)
    assert answer[0] == "LimitExceeded"
    found = iam.get_saml_provider(**named)
    assert found["AssertionEncryptionMode"] == "Required"
    first, second = (one["KeyId"] for one in found["PrivateKeyList"])
    iam.update_saml_provider(**named, RemovePrivateKey=first)
    assert [one["KeyId"] for one in iam.get_saml_provider(**named)["PrivateKeyList"]] == [second]
    assert refused(iam.update_saml_provider, **named, RemovePrivateKey=first)[0] == "NoSuchEntity"
    answer = refused(iam.update_saml_provider, **named, AddPrivateKey="no key")
    assert answer[0] == "InvalidInput"
    trail = aws("cloudtrail")
    wait_for(lambda: "UpdateSAMLProvider" in str(trail.lookup_events()["Events"]))
    secret = key.splitlines()[1]
    assert secret not in str(trail.lookup_events()["Events"])
    with app.store.read() as tx:
        assert not any(secret in str(line) for line in tx._driver.iterdump())


@pytest.mark.parametrize(
    "document",
    [
        "x" * 1000,
        metadata(inside=""),
        metadata().replace("EntityDescriptor", "EntitiesDescriptor"),
        metadata().replace("entityID", "id"),
        metadata(attributes=' validUntil="tomorrow"'),
        metadata().replace('"1.0"?>', '"1.0"?><!DOCTYPE a [<!ENTITY b "c">]>'),
    ],
)
def test_what_is_no_metadata(iam: Any, document: str) -> None:
    answer = refused(iam.create_saml_provider, Name="idp", SAMLMetadataDocument=document)
    assert answer == ("InvalidInput", "Could not parse metadata", 400)
    assert iam.list_saml_providers()["SAMLProviderList"] == []


def test_a_name_is_taken_once(iam: Any) -> None:
    iam.create_saml_provider(Name="idp", SAMLMetadataDocument=metadata())
    answer = refused(iam.create_saml_provider, Name="IDP", SAMLMetadataDocument=metadata())
    assert answer[::2] == ("EntityAlreadyExists", 409)
    assert iam.get_account_summary()["SummaryMap"]["Providers"] == 1
