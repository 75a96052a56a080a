"""The document's clicks, verbatim, in a real browser against a served process."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from console.marks import CONSOLE

pytestmark = CONSOLE
ROLE = "AWSServiceRoleForBatch"
REGIONS = ("us-east-1", "eu-west-1")


def roles(page: Any, console: str) -> None:
    """IAM's list of roles, by the navigation pane."""
    page.goto(f"{console}/iam/users")
    page.get_by_role("navigation", name="Navigation pane").get_by_role("link", name="Roles").click()
    page.get_by_role("heading", name="Roles").wait_for()


def delete_role(page: Any) -> None:
    page.get_by_role("checkbox", name=ROLE).check()
    page.get_by_role("button", name="Delete role").click()
    page.get_by_role("dialog").get_by_role("button", name="Yes, Delete").click()


def test_access_advisor_tells_whether_the_role_is_in_use(
    as_root: Any, console: str, environment: Callable[..., None]
) -> None:
    """An administrator looks whether Batch uses the role.

    > Open the IAM console at https://console.aws.amazon.com/iam/.
    > In the navigation pane, choose Roles and then the AWSServiceRoleForBatch name (not the check box).
    > On the Summary page, choose Access Advisor and review recent activity for the service-linked role.
    """
    environment("one")
    page = as_root
    roles(page, console)
    row = page.get_by_role("row").filter(has_text=ROLE)
    row.get_by_text("AWS Service: batch (Service-linked role)").wait_for()
    page.get_by_role("link", name=ROLE).click()
    page.get_by_role("heading", name="Summary").wait_for()
    page.get_by_text("This is a service-linked role").wait_for()
    page.get_by_role("tab", name="Access Advisor").click()
    used = page.get_by_role("row").filter(has_text="Amazon Elastic Container Service")
    used.filter(has_text="us-east-1").wait_for()
    page.get_by_role("tab", name="Revoke sessions").click()
    page.get_by_text("You can't revoke the sessions of a service-linked role.").wait_for()
    page.get_by_role("tab", name="Permissions").click()
    page.get_by_role("button", name="BatchServiceRolePolicy").click()
    page.get_by_label("Policy document").get_by_text("autoscaling").wait_for()


def test_the_role_is_deleted_once_no_region_uses_it(
    as_root: Any, console: str, environment: Callable[..., None], aws: Callable[..., Any]
) -> None:
    """From the first failure to the notification of success, with a reload in between.

    > You can use the IAM console to delete a service-linked role.
    > Sign in to the AWS Management Console and open the IAM console at https://console.aws.amazon.com/iam/.
    > In the navigation pane of the IAM console, choose Roles.
    > Then select the check box next to AWSServiceRoleForBatch, not the name or row itself.
    > Choose Delete role.
    > In the confirmation dialog box, review the service last accessed data, which shows when each of the selected
      roles last accessed an AWS service.
    > This helps you to confirm whether the role is currently active.
    > If you want to proceed, choose Yes, Delete to submit the service-linked role for deletion.
    > Watch the IAM console notifications to monitor the progress of the service-linked role deletion.
    > If the task fails, you can choose View details or View Resources from the notifications to learn why the
      deletion failed.
    > Open the AWS Batch console at https://console.aws.amazon.com/batch/.
    > From the navigation bar, select the Region to use.
    > In the navigation pane, choose Compute environments.
    > Select the compute environment.
    > Choose Disable.
    > Wait for the State to change to DISABLED.
    > Choose Delete.
    > Confirm that you want to delete the compute environment by choosing Delete compute environment.
    > Repeat steps 1-7 for all compute environments that use the service-linked role in all Regions.
    > If the task succeeds, then the role is removed from the list and a notification of success appears at the top
      of the page.
    """
    for region in REGIONS:
        environment(f"in-{region}", region)
    page = as_root
    roles(page, console)
    page.get_by_role("checkbox", name=ROLE).check()
    page.get_by_role("button", name="Delete role").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("row").filter(has_text=ROLE).filter(has_text=re.compile("Amazon|AWS ")).wait_for()
    dialog.get_by_role("button", name="Yes, Delete").click()
    page.get_by_text(f"The role {ROLE} could not be deleted.").wait_for()
    page.reload()
    page.get_by_text(f"The role {ROLE} could not be deleted.").wait_for()
    page.get_by_role("button", name="View details").click()
    page.get_by_role("dialog").get_by_text(re.compile("resource|use")).first.wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    page.get_by_role("button", name="View Resources").click()
    dialog = page.get_by_role("dialog")
    for region in REGIONS:
        dialog.get_by_role("heading", name=region).wait_for()
    dialog.get_by_role("link", name=re.compile("in-eu-west-1$")).click()
    page.get_by_role("heading", name="in-eu-west-1").wait_for()

    for region in REGIONS:
        page.goto(f"{console}/batch/dashboard")
        page.get_by_role("button", name="Region").click()
        page.get_by_role("menuitem", name=region, exact=True).click()
        pane = page.get_by_role("navigation", name="Navigation pane")
        pane.get_by_role("link", name="Compute environments").click()
        row = page.get_by_role("row").filter(has_text=f"in-{region}")
        row.get_by_role("radio").check()
        page.get_by_role("button", name="Disable", exact=True).click()
        row.get_by_text("DISABLED").wait_for()
        row.get_by_text("VALID").wait_for()
        page.get_by_role("button", name="Delete", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Delete compute environment").click()
        row.wait_for(state="detached")

    roles(page, console)
    delete_role(page)
    page.get_by_text(f"The role {ROLE} has been deleted.").wait_for()
    page.get_by_role("link", name=ROLE).wait_for(state="detached")
    assert aws("iam").list_roles(PathPrefix="/aws-service-role/batch.amazonaws.com/")["Roles"] == []


def test_a_failure_without_resources_offers_its_details_alone(
    as_root: Any, console: str, environment: Callable[..., None]
) -> None:
    """Every service here tells its resources, so the answer is cut on its way to the page.

    > If the task fails and the notification does not include a list of resources, then the service might not return
      that information.
    """

    def without_resources(route: Any) -> None:
        answer = route.fetch()
        if "GetServiceLinkedRoleDeletionStatus" not in (route.request.post_data or ""):
            route.fulfill(response=answer)
            return
        body = re.sub(r"<RoleUsageList>.*?</RoleUsageList>", "", answer.text(), flags=re.DOTALL)
        route.fulfill(response=answer, body=body)

    environment("one")
    page = as_root
    page.route(re.compile(r":\d+/$"), without_resources)
    roles(page, console)
    delete_role(page)
    page.get_by_role("button", name="View details").wait_for()
    assert page.get_by_role("button", name="View Resources").count() == 0
