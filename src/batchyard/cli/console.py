"""Open the console in a browser, signed in as the command line is.

The credentials are those of the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, as
`batchyard env` prints them. The address holds a token that signs in once, within a minute.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
import webbrowser
from argparse import ArgumentParser, Namespace
from urllib.parse import urlencode

from batchyard.cli.refusal import Refusal

SUMMARY = "open the console, signed in as you are here"
_USUAL = "http://127.0.0.1:4566"
_SECONDS = 10


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--endpoint-url", help="the server (AWS_ENDPOINT_URL, else http://127.0.0.1:4566)")
    parser.add_argument("--page", default="", help="the page to open: iam/roles, batch/jobs?queue=q")
    parser.add_argument("--print", action="store_true", help="print the address, and open nothing")


def run(parsed: Namespace) -> int:
    """Ask for a sign-in token, then open the address that it is for."""
    endpoint = (parsed.endpoint_url or os.environ.get("AWS_ENDPOINT_URL") or _USUAL).rstrip("/")
    query = {
        "Action": "login",
        "Issuer": "batchyard",
        "Destination": f"/console/{parsed.page.lstrip('/')}",
        "SigninToken": _token(endpoint),
    }
    address = f"{endpoint}/federation?{urlencode(query)}"
    if parsed.print or not webbrowser.open(address):
        print(address)
    return 0


def _token(endpoint: str) -> str:
    session = {
        "sessionId": os.environ.get("AWS_ACCESS_KEY_ID", "test"),
        "sessionKey": os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
        "sessionToken": os.environ.get("AWS_SESSION_TOKEN", ""),
    }
    # In the body: an address would leave the secret in logs.
    body = urlencode({"Action": "getSigninToken", "Session": json.dumps(session)}).encode()
    try:
        with urllib.request.urlopen(f"{endpoint}/federation", data=body, timeout=_SECONDS) as answer:
            token: str = json.load(answer)["SigninToken"]
            return token
    except urllib.error.HTTPError as error:
        raise Refusal(f"{endpoint} refuses to sign in: {_message(error)}") from None
    except OSError as error:
        raise Refusal(f"no server answers at {endpoint} ({error}); start it with `batchyard serve`") from None


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["message"])
    except (ValueError, KeyError):
        return f"HTTP {error.code}"
