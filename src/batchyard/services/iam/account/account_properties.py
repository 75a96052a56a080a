"""The account's properties. There is one, whether Role Manager is on; it is not here, so that it stays off.

Texts, and the order of what is judged, as recorded: radkawar/stackd, testdata/aws/iam/account_properties.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.operation import NoMembers
from batchyard.services.iam.service import iam

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import PutAccountPropertiesRequestTypeDef

_NAMESPACE = "RoleManager"
_ENABLED = f"{_NAMESPACE}/Enabled"
_ON = iam.unbuilt(f"`{_ENABLED}` other than `false`", on=["PutAccountProperties"])


def _read(ctx: Context, request: Any) -> Iterable[Check]:
    yield Check(context={"iam:AccountPropertyNamespaces": (_NAMESPACE,)})


def _written(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    yield Check(context={"iam:AccountPropertyNamespaces": _namespaces(request["Properties"])})


def _namespaces(properties: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.partition("/")[0] for name in properties))


@iam.operation(on=_read)
def get_account_properties(ctx: Context, request: NoMembers) -> dict[str, Any]:
    """Tell the account's properties."""
    return {"Properties": {_ENABLED: "false"}}


@iam.operation(on=_written, read_only=False)
def put_account_properties(ctx: Context, request: PutAccountPropertiesRequestTypeDef) -> None:
    """Set the properties of one namespace; an unknown property is passed over where the known property is given."""
    given: Mapping[str, str] = request["Properties"]
    if not given:
        raise _invalid("At least one property must be given")  # [guess]
    for name in given:
        namespace, _, rest = name.partition("/")
        if not namespace or not rest:
            raise _invalid(f"Property key must be in format Namespace/PropertyName: {name}")
    namespaces = _namespaces(given)
    if len(namespaces) > 1:
        raise _invalid("All properties must belong to the same namespace")
    if namespaces != (_NAMESPACE,):
        raise _invalid(f"Unsupported namespace: {namespaces[0]}")
    if _ENABLED not in given:
        raise _invalid(f"{_NAMESPACE} namespace requires Enabled property")
    if given[_ENABLED] not in ("true", "false"):
        raise _invalid("Enabled must be 'true' or 'false'")
    if given[_ENABLED] == "true":
        raise _ON(f"the value true of {_ENABLED}")


def _invalid(text: str) -> ApiError:
    return iam.error.InvalidInputException(text)
