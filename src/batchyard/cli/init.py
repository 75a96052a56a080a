"""Make an administrator of an account, with an access key that is printed this once.

The server must not be running: who can write the data directory may do this, and nobody else.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchyard.cli.options import add_settings, settings_of
from batchyard.cli.refusal import Refusal

if TYPE_CHECKING:
    from batchyard.framework.clients import Clients

SUMMARY = "make an administrator's access key, before a server listens beyond loopback"
USER_NAME = "administrator"
_ACCOUNT = re.compile(r"[0-9]{12}")
_USER_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--account", default="0" * 12, help="The account, twelve digits (000000000000).")
    text = f"The IAM user to make ({USER_NAME}); another name makes another administrator."
    parser.add_argument("--user-name", default=USER_NAME, metavar="NAME", help=text)
    add_settings(parser, ("data_dir", "output"))


def run(parsed: argparse.Namespace) -> int:
    """Make the user and print its key."""
    if not _ACCOUNT.fullmatch(parsed.account):
        raise Refusal(f"`--account` takes twelve digits, not `{parsed.account}`")
    if not _USER_NAME.fullmatch(parsed.user_name):
        raise Refusal(f"`--user-name` takes up to 64 letters, digits and +=,.@_-, not `{parsed.user_name}`")
    settings = settings_of(parsed)
    from batchyard.cli.opening import opened

    with opened(settings, services=("iam",)) as app:
        root = app.clients_of_root(parsed.account, user_agent="batchyard init")
        key = make_administrator(root, parsed.user_name)
    made = {
        "account": parsed.account,
        "userName": key["UserName"],
        "accessKeyId": key["AccessKeyId"],
        "secretAccessKey": key["SecretAccessKey"],
        "dataDir": str(settings.directory.absolute()),
    }
    print(_as_json(made) if settings.output == "json" else _as_text(made, settings.directory))
    return 0


def make_administrator(root: Clients, name: str) -> dict[str, Any]:
    """A user with AdministratorAccess and a fresh key. An earlier run that was cut short is completed.

    Raises Refusal, and changes nothing, where the user has a key already, or is somebody else's.
    """
    from batchyard.services.iam.principals.administrators import ADMINISTRATOR_ACCESS

    iam: Any = root.iam
    if _exists(iam, name):
        keys = iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
        if keys:
            raise Refusal(
                f"the user `{name}` has the access key `{keys[0]['AccessKeyId']}` already, whose secret was "
                "printed when it was made",
                advice="if it is lost, make another administrator with `batchyard init --user-name NAME`",
            )
        if not _is_cut_short(iam, name, ADMINISTRATOR_ACCESS):
            raise Refusal(
                f"the user `{name}` is there already, and `batchyard init` did not make it",
                advice="choose another name with `--user-name`",
            )
    else:
        iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=ADMINISTRATOR_ACCESS)
    key: dict[str, Any] = iam.create_access_key(UserName=name)["AccessKey"]
    return key


def _exists(iam: Any, name: str) -> bool:
    from batchyard.framework.errors import ApiError

    try:
        iam.get_user(UserName=name)
    except ApiError as error:
        if error.code == "NoSuchEntity":
            return False
        raise
    return True


def _is_cut_short(iam: Any, name: str, policy_arn: str) -> bool:
    """Whether the user has nothing but what an earlier run gave it before it ended."""
    attached = {
        one["PolicyArn"] for one in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]
    }
    inline = iam.list_user_policies(UserName=name)["PolicyNames"]
    groups = iam.list_groups_for_user(UserName=name)["Groups"]
    bounded = "PermissionsBoundary" in iam.get_user(UserName=name)["User"]
    return attached <= {policy_arn} and not inline and not groups and not bounded


def _as_json(made: dict[str, str]) -> str:
    import orjson

    return orjson.dumps(made).decode()


def _as_text(made: dict[str, str], directory: Path) -> str:
    return "\n".join(
        [
            f"Made the user {made['userName']} of account {made['account']}, who may do everything there.",
            f"This is shown once; the secret is kept encrypted under {directory / 'key'}.",
            "",
            f"export AWS_ACCESS_KEY_ID={made['accessKeyId']}",
            f"export AWS_SECRET_ACCESS_KEY={made['secretAccessKey']}",
        ]
    )
