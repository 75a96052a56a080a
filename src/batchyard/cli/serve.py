"""Start a server, print where it listens, and serve until it is told to end."""

from __future__ import annotations

import argparse
import logging
import pwd
import shlex
import shutil
import threading
from typing import TYPE_CHECKING

from batchyard.cli.log_lines import begin_logging
from batchyard.cli.options import add_settings, settings_of
from batchyard.cli.refusal import Refusal
from batchyard.config import Settings
from batchyard.engines.process import job_users
from batchyard.engines.registry import AUTO, DEFAULT, ENGINES
from batchyard.hosts import host_of_url, is_local

if TYPE_CHECKING:
    from batchyard.app import App
    from batchyard.cli.quickstart import Made

_log = logging.getLogger(__name__)

SUMMARY = "start a server"
QUICKSTART_PAUSE_SECONDS = 0.05
"""Between two looks at whether what `--quickstart` made is VALID."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its options: every setting."""
    add_settings(parser)


def run(parsed: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    settings = settings_of(parsed)
    refuse_unserved(settings)
    begin_logging(settings.log_format)
    _serve(settings)
    return 0


def refuse_unserved(settings: Settings) -> None:
    """Raise Refusal for settings that cannot be served, as far as they alone tell."""
    _refuse_engine(settings)
    _refuse_job_users(settings)
    _refuse_notify(settings)
    if settings.database_url:
        raise Refusal(
            "a database other than the data directory's SQLite is not built yet",
            advice="leave the setting `database_url` out",
        )
    if settings.test_clock and not settings.ephemeral:
        raise Refusal("`--test-clock` works with `--ephemeral` only")
    if settings.ephemeral and not settings.is_loopback:
        raise Refusal(
            f"`{settings.host}` is not a loopback address, and an ephemeral server has no administrator",
            advice="leave `--ephemeral` out, and make an administrator with `batchyard init`",
        )


def _refuse_engine(settings: Settings) -> None:
    """The default engine must be an engine that the settings name, or a kind that is built."""
    name = settings.default_engine
    if name in settings.engines:
        return
    if name not in ENGINES:
        known = ", ".join(dict.fromkeys((AUTO, *settings.engines, *ENGINES)))
        raise Refusal(f"`--engine` takes one of {known}, not `{name}`")
    if ENGINES[name].open is None:
        raise Refusal(f"the engine `{name}` is not built yet: use `{DEFAULT}`")


def _refuse_notify(settings: Settings) -> None:
    """Who is told has to be on this machine: an address of it, or a command that can be started."""
    given = settings.notify
    if not given:
        return
    if "://" in given.split(" ", 1)[0]:
        if not given.startswith("http://") or not is_local(host_of_url(given)):
            raise Refusal(f"`--notify` takes an `http://` URL on this machine, or a command, not `{given}`")
        return
    try:
        words = shlex.split(given)
    except ValueError as error:
        raise Refusal(f"`--notify {given}` is no command: {error}") from error
    if not words or shutil.which(words[0]) is None:
        raise Refusal(f"`--notify`: there is no command `{words[0] if words else given}`")


def _refuse_job_users(settings: Settings) -> None:
    """Users that were asked for by number must be there, and be nobody else's."""
    if settings.job_users in (job_users.AUTO, job_users.NONE):
        return
    wanted = job_users.parse(settings.job_users)
    if wanted is None:
        kind = f"auto, none or a range of users (FIRST-LAST, from {job_users.LEAST} to {job_users.MOST})"
        raise Refusal(f"`--job-users` takes {kind}, not `{settings.job_users}`")
    for user in pwd.getpwall():
        if wanted[0] <= user.pw_uid <= wanted[1]:
            raise Refusal(
                f"the user `{user.pw_name}` ({user.pw_uid}) is among `--job-users {settings.job_users}`"
            )
    users, reason = job_users.choose(settings.job_users, walls=True)
    if users is None:
        raise Refusal(f"`--job-users {settings.job_users}` cannot be given to accounts: {reason}")


def _warn_of_open_walls(settings: Settings) -> None:
    """Who may submit a job is the server's user, where jobs are and nobody else is."""
    users, reason = job_users.choose(settings.job_users, walls=not settings.accepts_development_credentials)
    if users is None and not settings.accepts_development_credentials:
        _log.warning(
            "jobs run as the server's user, and can read what it can, the key file and other accounts' jobs too: %s",
            reason,
        )


def _serve(settings: Settings) -> None:
    # Imported late: a refused setting should not load the whole system.
    from batchyard.cli.opening import opened, without_administrator
    from batchyard.engines.contract import EngineError
    from batchyard.server.listen import AddressInUse, listen, make_server, ready_line
    from batchyard.server.listen import run as run_until_told
    from batchyard.server.memory import give_back_large_blocks, leave_what_stays_alone

    give_back_large_blocks()
    try:
        listener = listen(settings.host, settings.port)
    except AddressInUse as error:
        raise Refusal(str(error), advice=error.advice) from error
    with listener, opened(settings) as app:
        leave_what_stays_alone()
        if not settings.is_loopback and not app.has_administrator():
            raise without_administrator(settings)
        endpoint = settings.endpoint(listener.getsockname()[1])
        _warn_of_open_walls(settings)
        try:
            app.start(endpoint)
        except EngineError as error:
            raise Refusal(str(error)) from error
        made = _quickstart(app) if settings.quickstart else None
        line = ready_line(
            settings,
            endpoint=endpoint,
            engine=app.engine.name,
            data_dir=str(app.directory.absolute()),
            quickstart=None if made is None else made.as_json(),
        )
        if made is not None and settings.output == "text":
            line = f"{line}\n{made.as_text()}"
        server = make_server(app.application)
        run_until_told(server, listener, when_ready=lambda: print(line, flush=True))


def _quickstart(app: App) -> Made:
    from batchyard.cli.quickstart import ACCOUNT, NotMade, make

    look_again = threading.Event()
    root = app.clients_of_root(ACCOUNT, user_agent="batchyard serve --quickstart")
    try:
        return make(root, pause=lambda: look_again.wait(QUICKSTART_PAUSE_SECONDS))
    except NotMade as error:
        raise Refusal(str(error), advice="mend it, or start without `--quickstart`") from error
