"""After a scene with every kind of secret, none is found in the data directory, the log, the audit or an error."""

from __future__ import annotations

import base64
import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from conftest import client, wait_for
from journeys.served import served
from services.sts.identity_provider import Issuer
from services.sts.saml_provider import metadata, signed

ACCOUNT = "123456789012"
PASSWORD = "Correct-Horse-7-Battery"


class Scene:
    """Calls that make and use secrets; remembers each secret, and each answer that must not tell one."""

    def __init__(self, endpoint: str, directory: Path) -> None:
        self.endpoint = endpoint
        self.directory = directory
        self.secrets: dict[str, str] = {}
        self.errors: list[str] = []
        self.iam = client(endpoint, "iam", access_key=ACCOUNT)

    def fails(self, call: Any, **request: Any) -> None:
        with pytest.raises(ClientError) as caught:
            call(**request)
        self.errors.append(str(caught.value.response))

    def sts(self, key: dict[str, str], **changed: str) -> Any:
        given = {"access_key": key["AccessKeyId"], "secret": key["SecretAccessKey"], **changed}
        return client(self.endpoint, "sts", token=key.get("SessionToken"), **given)

    def remember(self, name: str, credentials: dict[str, str]) -> None:
        self.secrets[f"{name}'s secret"] = credentials["SecretAccessKey"]
        if "SessionToken" in credentials:
            self.secrets[f"{name}'s token"] = credentials["SessionToken"]

    def play(self) -> None:
        self.users()
        self.sessions()
        self.providers()
        self.tasks()

    def users(self) -> None:
        self.iam.create_user(UserName="ada")
        self.key = self.iam.create_access_key(UserName="ada")["AccessKey"]
        self.remember("the user", self.key)
        allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": allow})
        self.iam.put_user_policy(UserName="ada", PolicyName="all", PolicyDocument=document)
        self.iam.create_login_profile(UserName="ada", Password=PASSWORD)
        self.secrets["the password"] = PASSWORD
        self.fails(self.iam.create_login_profile, UserName="ada", Password=PASSWORD)
        self.fails(self.iam.update_login_profile, UserName="nobody", Password=PASSWORD)
        made = self.iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
        self.secrets["the seed"] = made["Base32StringSeed"].decode()
        self.upload_certificate()

    def upload_certificate(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.com")])
        when = self.key["CreateDate"]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(when)
            .not_valid_after(when.replace(year=when.year + 1, day=1))
            .sign(key, SHA256())
        )
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        self.secrets["the private key"] = pem.splitlines()[5]
        request = {
            "ServerCertificateName": "site",
            "CertificateBody": certificate.public_bytes(Encoding.PEM).decode(),
            "PrivateKey": pem,
        }
        self.iam.upload_server_certificate(**request)
        self.fails(self.iam.upload_server_certificate, **request)
        self.pem = pem

    def sessions(self) -> None:
        sts = self.sts(self.key)
        self.session = sts.get_session_token()["Credentials"]
        self.remember("the session", self.session)
        self.remember("the federated user", sts.get_federation_token(Name="eve")["Credentials"])
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        arn = self.iam.create_role(RoleName="acting", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        given = sts.assume_role(RoleArn=arn, RoleSessionName="work")["Credentials"]
        self.remember("the role", given)
        self.fails(self.sts(given).get_session_token)
        self.fails(
            self.sts({**given, "SecretAccessKey": self.secrets["the user's secret"]}).get_caller_identity
        )
        self.fails(self.sts({**given, "SessionToken": given["SessionToken"][:-4]}).get_caller_identity)
        self.fails(self.sts({**self.key, "SecretAccessKey": given["SecretAccessKey"]}).get_caller_identity)

    def providers(self) -> None:
        issuer = Issuer(self.directory / "identity-keys", "issuer.example.com")
        oidc = self.iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["sts.amazonaws.com"])
        saml = self.iam.create_saml_provider(
            Name="idp", SAMLMetadataDocument=metadata(), AddPrivateKey=self.pem
        )["SAMLProviderArn"]
        trusts = [
            {"Effect": "Allow", "Principal": {"Federated": arn}, "Action": f"sts:AssumeRoleWith{way}"}
            for arn, way in ((oidc["OpenIDConnectProviderArn"], "WebIdentity"), (saml, "SAML"))
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": trusts})
        arn = self.iam.create_role(RoleName="federated", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        token, assertion = issuer.token(), signed(arn, saml)
        self.secrets |= {"the ID token": token, "the assertion": assertion}
        sts = client(self.endpoint, "sts", access_key=ACCOUNT)
        web = {"RoleArn": arn, "RoleSessionName": "build", "WebIdentityToken": token}
        self.remember("the build", sts.assume_role_with_web_identity(**web)["Credentials"])
        self.fails(sts.assume_role_with_web_identity, **{**web, "RoleArn": f"{arn}x"})
        by_saml = {"RoleArn": arn, "PrincipalArn": saml, "SAMLAssertion": assertion}
        self.remember("the desk", sts.assume_role_with_saml(**by_saml)["Credentials"])
        self.fails(sts.assume_role_with_saml, **{**by_saml, "RoleArn": f"{arn}x"})

    def tasks(self) -> None:
        """A task with a role: its token, the address of its metadata, and the credentials that it gets."""
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        role = self.iam.create_role(RoleName="worker", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        out = self.directory.parent / "environment"
        script = f"env > {out}.part; mv {out}.part {out}; exec sleep 600"
        ecs = client(self.endpoint, "ecs", access_key=ACCOUNT)
        ecs.create_cluster()
        ecs.register_task_definition(
            family="work",
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            taskRoleArn=role,
            containerDefinitions=[{"name": "c", "image": "b", "command": ["/bin/sh", "-c", script]}],
        )
        network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
        request = {"taskDefinition": "work", "launchType": "FARGATE", "networkConfiguration": network}
        task = ecs.run_task(**request)["tasks"][0]["taskArn"]
        wait_for(out.exists)
        told = dict(line.partition("=")[::2] for line in out.read_text().splitlines())
        self.secrets["the task's token"] = told["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        self.secrets["the task's address"] = told["ECS_CONTAINER_METADATA_URI_V4"].rsplit("/", 1)[-1]
        url = told["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        asked = urllib.request.Request(url, headers={"Authorization": self.secrets["the task's token"]})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            given = json.load(answer)
        self.secrets["the task's secret"] = given["SecretAccessKey"]
        self.secrets["the task's session token"] = given["Token"]
        self.errors.append(str(ecs.describe_tasks(tasks=[task])))
        with urllib.request.urlopen(told["ECS_CONTAINER_METADATA_URI_V4"] + "/task", timeout=10) as shown:
            self.errors.append(shown.read().decode())
        ecs.stop_task(task=task)

    def audit(self) -> str:
        trail = client(self.endpoint, "cloudtrail", access_key=ACCOUNT)
        pages = trail.get_paginator("lookup_events").paginate()
        return "".join(event["CloudTrailEvent"] for page in pages for event in page["Events"])


def forms(secret: str) -> Iterator[bytes]:
    """A secret as it may lie somewhere: plain, in a URL, in base64."""
    yield secret.encode()
    yield urllib.parse.quote(secret, safe="").encode()
    yield base64.b64encode(secret.encode()).rstrip(b"=")[:-2]


def test_no_secret_is_found_anywhere(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    log = tmp_path / "log"
    with served("--data-dir", str(directory), log=log) as server:
        scene = Scene(server.endpoint, directory)
        scene.play()
        audit = scene.audit()
    places = {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    places |= {"the audit": audit.encode(), "the errors": "".join(scene.errors).encode()}
    places["the log"] = log.read_bytes()
    assert "CreateAccessKey" in audit
    assert len(scene.errors) >= 9
    found = [
        f"{name} in {place}"
        for name, secret in scene.secrets.items()
        for place, content in places.items()
        for form in forms(secret)
        if form in content
    ]
    assert found == []
