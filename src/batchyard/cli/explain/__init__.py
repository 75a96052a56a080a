"""Tell which statements allowed or denied a call (EVENT_ID), or would (--principal, --action, --resource).

A client like any other: it looks the event up in CloudTrail and reads policies in IAM, with the credentials,
endpoint and Region that the aws CLI would use. Exit code: 0, and for a request that would be denied 1.
"""

from __future__ import annotations

import argparse
from typing import Any

from batchyard.cli.options import add_settings, settings_of
from batchyard.cli.refusal import Refusal

SUMMARY = "tell which statements allowed or denied a call, or would"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "event_id", nargs="?", metavar="EVENT_ID", help="The event of the call, in CloudTrail."
    )
    parser.add_argument("--principal", metavar="ARN", help="A user, a role, a role's session, or root.")
    parser.add_argument("--action", help="What it wants to do, such as batch:SubmitJob.")
    parser.add_argument("--resource", default="*", metavar="ARN", help="What it wants to do it to (*).")
    text = "A condition key of the request; again for more keys, and for more values of a key."
    parser.add_argument("--context", action="append", default=[], metavar="KEY=VALUE", help=text)
    parser.add_argument("--endpoint", metavar="URL", help="The server (AWS_ENDPOINT_URL).")
    parser.add_argument("--region", help="The Region (AWS_DEFAULT_REGION).")
    add_settings(parser, ("output",))


def run(parsed: argparse.Namespace) -> int:
    """Explain, and print it."""
    settings = settings_of(parsed)
    if parsed.event_id is not None and (parsed.principal or parsed.action):
        raise Refusal("`EVENT_ID` and `--principal` ask for different things: give only one")
    if parsed.event_id is None and not (parsed.principal and parsed.action):
        raise Refusal(
            "give an event, or `--principal` and `--action`", advice="`batchyard explain --help` shows both"
        )
    answer = _answer(parsed)
    if settings.output == "json":
        import orjson

        print(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
    else:
        _show(answer)
    return 0 if answer.get("outcome", "allowed") == "allowed" else 1


def _answer(parsed: argparse.Namespace) -> dict[str, Any]:
    # Imported late: botocore takes longer to load than all else here.
    from batchyard.cli.explain.client import Clients, told
    from batchyard.cli.explain.events import explain_event
    from batchyard.cli.explain.questions import ask

    with told():
        clients = Clients(endpoint=parsed.endpoint, region=parsed.region)
        if parsed.event_id is not None:
            return explain_event(clients, parsed.event_id)
        return ask(
            clients.make("iam"),
            principal=parsed.principal,
            action=parsed.action,
            resource=parsed.resource,
            context=parsed.context,
            region=clients.region,
        )


def _show(answer: dict[str, Any]) -> None:
    from batchyard.cli.explain.shown import show_answer, show_event

    if "eventId" in answer:
        show_event(answer)
    else:
        show_answer(answer)
