"""Server and signing certificates, SSH public keys. SNAP = localstack's snapshots of each, recorded from AWS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from batchyard.app import App
from services.iam.answers import refused, without_metadata

EXPIRES = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def certificate() -> tuple[str, str]:
    """A self-signed certificate and its key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(EXPIRES - timedelta(days=3650))
        .not_valid_after(EXPIRES)
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return made.public_bytes(Encoding.PEM).decode(), secret


def ssh_key(bits: int = 2048) -> rsa.RSAPublicKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()


def test_a_server_certificate_from_first_to_last(iam: Any, account: str, app: App) -> None:
    body, secret = certificate()
    chain, _ = certificate()
    made = iam.upload_server_certificate(
        ServerCertificateName="web", Path="/p/", CertificateBody=body, PrivateKey=secret
    )["ServerCertificateMetadata"]
    assert made["Arn"] == f"arn:aws:iam::{account}:server-certificate/p/web"
    assert made["ServerCertificateId"].startswith("ASCA")
    assert made["Expiration"] == EXPIRES
    with app.store.read() as tx:
        assert not any(secret.splitlines()[1] in str(line) for line in tx._driver.iterdump())
    found = iam.get_server_certificate(ServerCertificateName="web")["ServerCertificate"]
    assert found == {"ServerCertificateMetadata": made, "CertificateBody": body, "Tags": []}
    listed = iam.list_server_certificates(PathPrefix="/p")["ServerCertificateMetadataList"]
    assert listed == [made]
    assert iam.list_server_certificates(PathPrefix="/q/")["ServerCertificateMetadataList"] == []
    iam.upload_server_certificate(
        ServerCertificateName="chained", CertificateBody=body, PrivateKey=secret, CertificateChain=chain
    )
    found = iam.get_server_certificate(ServerCertificateName="chained")["ServerCertificate"]
    assert found["CertificateChain"] == chain
    iam.update_server_certificate(ServerCertificateName="web", NewServerCertificateName="www", NewPath="/q/")
    renamed = iam.get_server_certificate(ServerCertificateName="www")["ServerCertificate"]
    assert renamed["ServerCertificateMetadata"]["Arn"].endswith("server-certificate/q/www")
    iam.tag_server_certificate(ServerCertificateName="www", Tags=[{"Key": "k", "Value": "v"}])
    iam.tag_server_certificate(ServerCertificateName="www", Tags=[{"Key": "j", "Value": "v"}])
    iam.untag_server_certificate(ServerCertificateName="www", TagKeys=["k"])
    tags = iam.list_server_certificate_tags(ServerCertificateName="www")["Tags"]
    assert tags == [{"Key": "j", "Value": "v"}]
    iam.delete_server_certificate(ServerCertificateName="www")
    text = "The Server Certificate with name www cannot be found."
    for call in (iam.get_server_certificate, iam.delete_server_certificate):
        assert refused(call, ServerCertificateName="www") == ("NoSuchEntity", text, 404)
    assert iam.get_account_summary()["SummaryMap"]["ServerCertificates"] == 1


def test_which_server_certificates_are_refused(iam: Any) -> None:
    body, secret = certificate()
    _, other = certificate()

    def answer(**request: Any) -> tuple[str, str, int]:
        whole = {"ServerCertificateName": "web", "CertificateBody": body, "PrivateKey": secret, **request}
        return refused(iam.upload_server_certificate, **whole)

    assert answer(CertificateBody="x") == ("MalformedCertificate", "Certificate x is malformed.", 400)
    assert answer(CertificateChain="x")[0] == "MalformedCertificate"
    assert answer(PrivateKey="x")[0] == "MalformedCertificate"
    assert answer(PrivateKey=other)[0] == "KeyPairMismatch"
    iam.upload_server_certificate(ServerCertificateName="web", CertificateBody=body, PrivateKey=secret)
    text = "The Server Certificate with name web already exists."
    assert answer() == ("EntityAlreadyExists", text, 409)


def test_a_signing_certificate_from_first_to_last(iam: Any) -> None:
    """SNAP, test_signing_certificate_lifecycle and …_errors."""
    iam.create_user(UserName="u")
    body, _ = certificate()
    made = iam.upload_signing_certificate(UserName="u", CertificateBody=body)["Certificate"]
    assert (made["UserName"], made["CertificateBody"], made["Status"]) == ("u", body, "Active")
    assert 24 <= len(made["CertificateId"]) <= 128
    assert iam.list_signing_certificates(UserName="u")["Certificates"] == [made]
    named = {"UserName": "u", "CertificateId": made["CertificateId"]}
    iam.update_signing_certificate(**named, Status="Inactive")
    assert iam.list_signing_certificates(UserName="u")["Certificates"] == [{**made, "Status": "Inactive"}]
    answer = refused(iam.upload_signing_certificate, UserName="u", CertificateBody=body)
    assert answer[::2] == ("DuplicateCertificate", 409)
    iam.upload_signing_certificate(UserName="u", CertificateBody=certificate()[0])
    answer = refused(iam.upload_signing_certificate, UserName="u", CertificateBody=certificate()[0])
    assert answer == ("LimitExceeded", "Cannot exceed quota for CertificatesPerUser: 2", 409)
    answer = refused(iam.upload_signing_certificate, UserName="u", CertificateBody="x")
    assert answer == ("MalformedCertificate", "Certificate x is malformed.", 400)
    assert refused(iam.delete_user, UserName="u")[::2] == ("DeleteConflict", 409)
    for one in iam.list_signing_certificates(UserName="u")["Certificates"]:
        iam.delete_signing_certificate(UserName="u", CertificateId=one["CertificateId"])
    text = f"The Certificate with id {made['CertificateId']} cannot be found."
    assert refused(iam.delete_signing_certificate, **named) == ("NoSuchEntity", text, 404)
    assert refused(iam.update_signing_certificate, **named, Status="Active")[:2] == ("NoSuchEntity", text)
    iam.delete_user(UserName="u")


def test_an_ssh_key_from_first_to_last(iam: Any) -> None:
    """SNAP, test_iam_ssh_public_keys; the fingerprint is ssh-keygen's."""
    iam.create_user(UserName="u")
    key = ssh_key()
    line = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    text = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    made = iam.upload_ssh_public_key(UserName="u", SSHPublicKeyBody=line)["SSHPublicKey"]
    assert made["SSHPublicKeyId"].startswith("APKA")
    assert len(made["Fingerprint"].split(":")) == 16
    named = {"UserName": "u", "SSHPublicKeyId": made["SSHPublicKeyId"]}
    assert iam.get_ssh_public_key(**named, Encoding="SSH")["SSHPublicKey"] == made
    found = iam.get_ssh_public_key(**named, Encoding="PEM")["SSHPublicKey"]
    assert found == {**made, "SSHPublicKeyBody": text}
    (listed,) = iam.list_ssh_public_keys(UserName="u")["SSHPublicKeys"]
    assert listed.items() <= made.items()
    assert set(listed) == {"UserName", "SSHPublicKeyId", "Status", "UploadDate"}
    answer = refused(iam.upload_ssh_public_key, UserName="u", SSHPublicKeyBody=text)
    assert answer[::2] == ("DuplicateSSHPublicKey", 400)
    iam.update_ssh_public_key(**named, Status="Inactive")
    assert iam.get_ssh_public_key(**named, Encoding="SSH")["SSHPublicKey"]["Status"] == "Inactive"
    assert refused(iam.delete_user, UserName="u")[::2] == ("DeleteConflict", 409)
    iam.delete_ssh_public_key(**named)
    words = f"The Public Key with id {made['SSHPublicKeyId']} cannot be found."
    for call, more in (
        (iam.get_ssh_public_key, {"Encoding": "SSH"}),
        (iam.update_ssh_public_key, {"Status": "Active"}),
        (iam.delete_ssh_public_key, {}),
    ):
        assert refused(call, **named, **more) == ("NoSuchEntity", words, 404)
    pem = iam.upload_ssh_public_key(UserName="u", SSHPublicKeyBody=text)["SSHPublicKey"]
    again = iam.get_ssh_public_key(UserName="u", SSHPublicKeyId=pem["SSHPublicKeyId"], Encoding="SSH")
    assert again["SSHPublicKey"]["SSHPublicKeyBody"] == line


@pytest.mark.parametrize("kind", ["text", "short", "elliptic"])
def test_which_ssh_keys_are_refused(iam: Any, kind: str) -> None:
    iam.create_user(UserName="u")
    form = (Encoding.OpenSSH, PublicFormat.OpenSSH)
    body = {
        "text": lambda: "ssh-rsa nothing",
        "short": lambda: ssh_key(1024).public_bytes(*form).decode(),
        "elliptic": lambda: ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*form).decode(),
    }[kind]()
    answer = refused(iam.upload_ssh_public_key, UserName="u", SSHPublicKeyBody=body)
    assert answer[::2] == ("InvalidPublicKey", 400)
    assert without_metadata(iam.list_ssh_public_keys(UserName="u"))["SSHPublicKeys"] == []
