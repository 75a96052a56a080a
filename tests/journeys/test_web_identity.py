"""A CI job without keys of its own: the aws CLI and boto3 find its token by themselves, as on AWS."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import boto3
import pytest

from conftest import client
from journeys.served import served
from services.sts.identity_provider import Issuer


def test_a_build_reaches_its_queues_by_its_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only builds of the main branch get in; the token file is what GitHub, GitLab and Kubernetes write."""
    issuer = Issuer(tmp_path / "keys", "ci.example.com")
    token = tmp_path / "token"
    with served("--ephemeral", "--identity-keys", str(tmp_path / "keys")) as server:
        iam = client(server.endpoint, "iam", access_key="test")
        provider = iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["sts.amazonaws.com"])
        trust = {
            "Effect": "Allow",
            "Principal": {"Federated": provider["OpenIDConnectProviderArn"]},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {"ci.example.com:sub": "repo:org/app:ref:refs/heads/main"}},
        }
        may = {"Effect": "Allow", "Action": "batch:DescribeJobQueues", "Resource": "*"}
        arn = iam.create_role(
            RoleName="build",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
        )["Role"]["Arn"]
        iam.put_role_policy(
            RoleName="build",
            PolicyName="look",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": may}),
        )
        environment = {
            name: value for name, value in server.environment().items() if not name.startswith("AWS_ACCESS")
        }
        del environment["AWS_SECRET_ACCESS_KEY"]
        environment |= {"HOME": str(tmp_path), "AWS_ROLE_ARN": arn, "AWS_WEB_IDENTITY_TOKEN_FILE": str(token)}
        environment["AWS_EC2_METADATA_DISABLED"] = "true"

        def aws(*command: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                ["aws", *command, "--output", "json"],
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )

        token.write_text(issuer.token(sub="repo:org/app:ref:refs/heads/main"))
        looked = aws("batch", "describe-job-queues")
        assert (looked.returncode, json.loads(looked.stdout)) == (0, {"jobQueues": []}), looked.stderr
        denied = aws("batch", "list-jobs", "--job-queue", "q")
        assert "assumed-role/build/" in denied.stderr
        assert "because no identity-based policy allows the batch:ListJobs action" in denied.stderr
        token.write_text(issuer.token(sub="repo:org/app:ref:refs/heads/other"))
        other = aws("sts", "get-caller-identity")
        assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in other.stderr

        token.write_text(issuer.token(sub="repo:org/app:ref:refs/heads/main"))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert boto3.Session().client("batch").describe_job_queues()["jobQueues"] == []
