"""Launch templates and their versions as rows: found by id or name, and by $Default, $Latest or a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.framework.errors import ApiError
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.ec2.places import Place, at
from batchyard.services.ec2.refusals import invalid_combination, no_template
from batchyard.services.ec2.tables import launch_template_versions, launch_templates
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

_BY_ID = Prepared(
    select(launch_templates).where(at(launch_templates)).where(launch_templates.c.id == bindparam("id"))
)
_BY_NAME = Prepared(
    select(launch_templates).where(at(launch_templates)).where(launch_templates.c.name == bindparam("name"))
)
_VERSION = Prepared(
    select(launch_template_versions)
    .where(at(launch_template_versions))
    .where(launch_template_versions.c.template_id == bindparam("template_id"))
    .where(launch_template_versions.c.version == bindparam("version"))
)


def find_template(tx: Transaction, where: Place, named: Mapping[str, Any]) -> Row | None:
    """The template that LaunchTemplateId or LaunchTemplateName stands for."""
    if named.get("LaunchTemplateId"):
        return tx.first(_BY_ID, **where, id=named["LaunchTemplateId"])
    return tx.first(_BY_NAME, **where, name=named.get("LaunchTemplateName", ""))


def require_template(tx: Transaction, where: Place, named: Mapping[str, Any]) -> Row:
    """As `find_template`; raises where neither or both are named, or the template is not there."""
    identity, name = named.get("LaunchTemplateId"), named.get("LaunchTemplateName")
    if bool(identity) == bool(name):
        raise invalid_combination(
            "Either LaunchTemplateId or LaunchTemplateName must be specified, but not both."
        )
    if identity and not identity.startswith("lt-"):
        raise ApiError("InvalidLaunchTemplateId.Malformed", f'Invalid id: "{identity}" (expecting "lt-...")')
    row = find_template(tx, where, named)
    if row is None:
        raise template_not_found(identity, name)
    return row


def template_not_found(identity: str | None, name: str | None) -> ApiError:
    """The template is not there, in the words for the way it was named."""
    if identity:
        return no_template(identity)
    return ApiError(
        "InvalidLaunchTemplateName.NotFoundException",
        f"The specified launch template, with template name {name}, does not exist.",
    )


def version_number(template: Row, version: str) -> int | None:
    """The number that `$Default`, `$Latest` or a number stands for; None for any other text."""
    if version in ("$Default", ""):
        return int(template.default_version)
    if version == "$Latest":
        return int(template.latest_version)
    return whole_number(version)


def find_version(tx: Transaction, where: Place, template: Row, version: str) -> Row | None:
    """A version of a template."""
    number = version_number(template, version)
    if number is None:
        return None
    return tx.first(_VERSION, **where, template_id=template.id, version=number)


def require_version(tx: Transaction, where: Place, template: Row, version: str) -> Row:
    """As `find_version`; raises InvalidLaunchTemplateId.VersionNotFound."""
    row = find_version(tx, where, template, version)
    if row is None:
        raise ApiError(
            "InvalidLaunchTemplateId.VersionNotFound",
            f"Could not find the specified version {version} for the launch template with ID {template.id}.",
        )
    return row
