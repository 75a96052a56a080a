"""Key pairs: made with a private key that fits, imported, described, deleted."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from services.ec2.conftest import Launch, refused, tag_specification


def test_a_key_pair_is_made_once_and_its_private_key_fits(ec2: Any, launch: Launch) -> None:
    made = ec2.create_key_pair(KeyName="mine", TagSpecifications=[tag_specification("key-pair", a="b")])
    private = serialization.load_pem_private_key(made["KeyMaterial"].encode(), password=None)
    public = private.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    [found] = ec2.describe_key_pairs(KeyNames=["mine"], IncludePublicKey=True)["KeyPairs"]
    assert found["PublicKey"].encode() == public
    assert len(found["KeyFingerprint"].split(":")) == 20
    assert (found["KeyType"], found["Tags"]) == ("rsa", [{"Key": "a", "Value": "b"}])
    duplicate = refused(ec2.create_key_pair, KeyName="mine")
    assert duplicate == ("InvalidKeyPair.Duplicate", "The keypair 'mine' already exists")
    assert launch(KeyName="mine")[0]["KeyName"] == "mine"
    assert ec2.delete_key_pair(KeyName="mine")["KeyPairId"] == made["KeyPairId"]
    assert ec2.delete_key_pair(KeyName="mine")["Return"] is True
    missing = refused(ec2.describe_key_pairs, KeyNames=["mine"])
    assert missing == ("InvalidKeyPair.NotFound", "The key pair 'mine' does not exist")


def test_a_public_key_is_imported(ec2: Any) -> None:
    public = (
        ed25519.Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    )
    made = ec2.import_key_pair(KeyName="other", PublicKeyMaterial=public)
    [found] = ec2.describe_key_pairs(KeyPairIds=[made["KeyPairId"]])["KeyPairs"]
    assert (found["KeyType"], found["KeyFingerprint"]) == ("ed25519", made["KeyFingerprint"])
    assert refused(ec2.import_key_pair, KeyName="bad", PublicKeyMaterial=b"x")[0] == "InvalidKey.Format"


def test_a_name_has_no_blanks_around_it(ec2: Any) -> None:
    assert refused(ec2.create_key_pair, KeyName=" k ", KeyType="ed25519") == (
        "InvalidParameterValue",
        "Invalid value ' k ' for keyName. It should be trimmed",
    )
