"""Sets the stage of a corpus case on a server: accounts, principal, policies, the role to be assumed."""

import itertools
import json
import re
from typing import Any

from botocore import xform_name

from conftest import client
from policy.calls import TRUST_NOBODY
from policy.cases import ACCOUNT, STRANGER

OTHER_ACCOUNT = STRANGER["account"]


class Stage:
    """One case, played in two accounts of its own; `ask` makes the call as the case's principal."""

    def __init__(self, endpoint, account, other, case):
        self._endpoint = endpoint
        self._accounts = {ACCOUNT: account, OTHER_ACCOUNT: other}
        self.case = self.placed(case)
        self._numbers = itertools.count()

    def placed(self, value):
        """The same JSON in the test's own accounts."""
        text = json.dumps(value)
        for written, real in self._accounts.items():
            text = text.replace(written, real)
        return json.loads(text)

    def client(self, service, account, *, region="us-east-1"):
        return client(self._endpoint, service, access_key=account, region=region)

    def ask(self, call):
        """Make the call; an allowed one may fail for other reasons than permission (no such queue)."""
        key, secret, token = self._signed_in(call.principal_tags)
        asking = client(
            self._endpoint,
            call.service,
            access_key=key,
            secret=secret,
            token=token,
            region=call.region,
        )
        operation = xform_name(call.action.split(":")[1])
        getattr(asking, operation)(**self.placed(call.request))

    def _signed_in(self, tags):
        principal = self.case["request"]["principal"]
        iam = self.client("iam", principal["account"])
        if principal["kind"] == "root":
            self._set_trust(principal, None)
            return principal["account"], "test", None
        tags = [{"Key": key, "Value": value} for key, value in tags.items()]
        if principal["kind"] == "user":
            return self._user(iam, principal, tags)
        return self._session(iam, principal, tags)

    def _user(self, iam, principal, tags):
        name = principal["arn"].rpartition("/")[2]
        made = iam.create_user(UserName=name, Tags=tags)["User"]
        self._give(iam, "user", name)
        self._set_trust(principal, made["UserId"])
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"], None

    def _session(self, iam, principal, tags):
        account = principal["account"]
        found = re.fullmatch(r"arn:[^:]+:iam::\d+:role(/(?:.+/)?)([^/]+)", principal["role_arn"])
        assert found is not None
        path, name = found.groups()
        trust = {**TRUST_NOBODY["Statement"], "Effect": "Allow", "Principal": {"AWS": account}}
        document = json.dumps({**TRUST_NOBODY, "Statement": trust})
        made = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document, Tags=tags)["Role"]
        self._give(iam, "role", name)
        self._set_trust(principal, made["RoleId"])
        assumer = self._assumer(iam)
        session = self.case["policies"].get("session") or []
        given: dict[str, Any] = {"Policy": json.dumps(session[0])} if session else {}
        if session[1:]:
            given["PolicyArns"] = [{"arn": self._managed(iam, document)} for document in session[1:]]
        answer = assumer.assume_role(
            RoleArn=made["Arn"], RoleSessionName=principal["arn"].rpartition("/")[2], **given
        )["Credentials"]
        return answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"]

    def _assumer(self, iam):
        iam.create_user(UserName="assumer")
        may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": may})
        iam.put_user_policy(UserName="assumer", PolicyName="may", PolicyDocument=document)
        key = iam.create_access_key(UserName="assumer")["AccessKey"]
        return client(self._endpoint, "sts", access_key=key["AccessKeyId"], secret=key["SecretAccessKey"])

    def _give(self, iam, kind, name):
        """The identity policies, managed where their version may be, and the boundary."""
        owner = {f"{kind.capitalize()}Name": name}
        for number, document in enumerate(self.case["policies"].get("identity", ())):
            if document.get("Version") == "2012-10-17" and number % 2:
                getattr(iam, f"attach_{kind}_policy")(**owner, PolicyArn=self._managed(iam, document))
            else:
                getattr(iam, f"put_{kind}_policy")(
                    **owner, PolicyName=f"inline-{number}", PolicyDocument=json.dumps(document)
                )
        boundary = self.case["policies"].get("boundary")
        if boundary:
            arn = self._managed(iam, boundary)
            getattr(iam, f"put_{kind}_permissions_boundary")(**owner, PermissionsBoundary=arn)

    def _managed(self, iam, document):
        made = iam.create_policy(
            PolicyName=f"managed-{next(self._numbers)}", PolicyDocument=json.dumps(document)
        )
        return made["Policy"]["Arn"]

    def _set_trust(self, principal, unique_id):
        """The role that the case assumes, trusting whom its trust policy names; those are made where they miss."""
        request = self.case["request"]
        if not request.get("trust_required"):
            return
        text = json.dumps(self.case["policies"]["resource"])
        written = principal.get("id", "").partition(":")[0]
        if written and unique_id:
            text = text.replace(written, unique_id)
        for account, name in set(re.findall(r'"arn:aws:iam::(\d{12}):user/([^/"]+)"', text)):
            if f":{account}:user/{name}" not in principal["arn"]:
                self.client("iam", account).create_user(UserName=name)
        account, name = request["resource"].split(":")[4], request["resource"].rpartition("/")[2]
        self.client("iam", account).create_role(RoleName=name, AssumeRolePolicyDocument=text)
