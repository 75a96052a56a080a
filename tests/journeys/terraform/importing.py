"""The id by which each type of resource is imported, as the provider's pages say; most by what the state calls `id`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Values = dict[str, Any]
NOT_IMPORTABLE = {"aws_main_route_table_association"}
"""The provider imports none of these; made once more, they change nothing."""


def _by(*members: str, between: str) -> Callable[[Values], str]:
    return lambda values: between.join(str(values[one]) for one in members)


def _route(values: Values) -> str:
    destination = values["destination_cidr_block"] or values["destination_ipv6_cidr_block"]
    return f"{values['route_table_id']}_{destination}"


def _acl_rule(values: Values) -> str:
    egress = str(values["egress"]).lower()
    return f"{values['network_acl_id']}:{values['rule_number']}:{values['protocol']}:{egress}"


def _group_rule(values: Values) -> str:
    ports = f"{values['protocol']}_{values['from_port']}_{values['to_port']}"
    sources = (
        [values["source_security_group_id"]] if values["source_security_group_id"] else values["cidr_blocks"]
    )
    return "_".join([values["security_group_id"], values["type"], ports, *sources])


_IDS: dict[str, Callable[[Values], str]] = {
    "aws_batch_compute_environment": _by("compute_environment_name", between=""),
    "aws_batch_job_definition": _by("arn", between=""),
    "aws_batch_job_queue": _by("arn", between=""),
    "aws_batch_scheduling_policy": _by("arn", between=""),
    "aws_iam_group_policy_attachment": _by("group", "policy_arn", between="/"),
    "aws_iam_role_policy_attachment": _by("role", "policy_arn", between="/"),
    "aws_iam_service_specific_credential": _by(
        "service_name", "user_name", "service_specific_credential_id", between=":"
    ),
    "aws_iam_user_group_membership": lambda values: "/".join([values["user"], *values["groups"]]),
    "aws_iam_user_policy_attachment": _by("user", "policy_arn", between="/"),
    "aws_iam_user_ssh_key": _by("username", "ssh_public_key_id", "encoding", between=":"),
    "aws_network_acl_rule": _acl_rule,
    "aws_route": _route,
    "aws_route_table_association": _by("subnet_id", "route_table_id", between="/"),
    "aws_security_group_rule": _group_rule,
    "aws_vpc_dhcp_options_association": _by("vpc_id", between=""),
}


def _identity(resource: Any) -> str:
    find = _IDS.get(resource["type"], _by("id", between=""))
    return find(resource["values"])


def import_blocks(resources: list[Any]) -> str:
    """An `import` block for each of a state's resources that can be imported."""
    blocks = [
        f'import {{\n  to = {one["address"]}\n  id = "{_identity(one)}"\n}}\n'
        for one in resources
        if one["type"] not in NOT_IMPORTABLE
    ]
    return "\n".join(blocks)
