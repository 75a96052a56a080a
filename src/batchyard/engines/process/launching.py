"""Makes attempts of what the server asks for, and launches their containers."""

import os

from batchyard.engines.process.attempts_directory import AttemptsDirectory, Record
from batchyard.engines.process.capture import Captures
from batchyard.engines.process.cgroup_trees import Tree
from batchyard.engines.process.cgroups import Group
from batchyard.engines.process.containers import ONLY, Attempt, Container
from batchyard.engines.process.job_users import JobPlace, JobUsers, make_account_folder, place_of
from batchyard.engines.process.launch import Launch, make_folder
from batchyard.engines.process.mounts import Mounts
from batchyard.engines.process.order import RUNNING


class Launcher:
    """Knows where files, control groups and users of attempts are."""

    def __init__(self, directory: AttemptsDirectory, tree: Tree, captures: Captures) -> None:
        self._directory = directory
        self._tree = tree
        self._captures = captures

    def attempt(self, spec: Record, *, started_at: float) -> Attempt:
        """A new one, of which nothing is made yet."""
        containers = spec["containers"]
        names = [one["name"] for one in containers]
        attempt = Attempt(
            spec["attempt"],
            account=spec["account"],
            containers=[
                Container(
                    one["name"],
                    group=self._tree.group(_group_name(spec["attempt"], index, len(names))),
                    inside=inside(one["name"], len(names)),
                    spec=one,
                )
                for index, one in enumerate(containers)
            ],
            takes=spec["takes"],
            started_at=started_at,
        )
        attempt.spec = spec
        attempt.deadline_seconds = spec["deadline_seconds"]
        if spec["users"] is not None:
            attempt.place = place_of(self._directory.root, spec["users"]["place"])
        return attempt

    def claim_of(self, attempt: Attempt) -> Record:
        """What is kept of it before anything is launched."""
        return {
            "account": attempt.account,
            "containers": [one.name for one in attempt.containers],
            "place": attempt.place,
            "started_at": attempt.started_at,
            "cgroups": [one.group.directories for one in attempt.containers],
        }

    def recovered(self, name: str, claim: Record) -> Attempt:
        """One that another supervisor claimed, as far as its claim tells."""
        names = claim.get("containers") or [claim.get("container") or ""]
        told = claim.get("cgroups") or {}
        groups = told if isinstance(told, list) else [told]
        attempt = Attempt(
            name,
            account=claim.get("account", ""),
            containers=[
                Container(one, group=Group(directories), inside=inside(one, len(names)))
                for one, directories in zip(names, groups, strict=False)
            ],
            takes={},
            started_at=claim.get("started_at"),
        )
        for container in attempt.containers:
            container.state = RUNNING
        attempt.place = claim.get("place")
        return attempt

    def launch(self, attempt: Attempt, container: Container) -> None:
        """Start the container's command; OSError or ValueError where that cannot be."""
        told = container.spec
        memory = told["memory_mib"]
        user, base = self._user(attempt)
        work = self._work(attempt, container, base)
        mounts = self._mounts(attempt, container, user=user, base=base)
        self._tree.make(container.group, memory_mib=memory, vcpus=told["vcpus"])
        launch = Launch(
            self._directory,
            attempt.name,
            inside=container.inside,
            command=told["command"],
            environment=told["environment"],
            group=container.group,
            memory_limit=None if memory is None or self._tree.limits_memory else memory << 20,
            ulimits=told["ulimits"],
            user=user,
            work=work,
            mounts=mounts,
        )
        path = self._directory.path(attempt.name, container.inside + "output")
        container.capture = self._captures.open(path, user)
        container.pid = launch.start(container.capture)

    def _user(self, attempt: Attempt) -> tuple[int | None, str | None]:
        """Whom the commands run as, and where their files are; (None, None): as we are, in the attempt's directory."""
        if attempt.place is None:
            return None, None
        if attempt.user is None or attempt.base is None:
            users = attempt.spec["users"]
            first, last = users["range"]
            attempt.user = JobUsers(users["list"]).user_of(attempt.account, (first, last))
            attempt.base = JobPlace(attempt.place).make(attempt.account, attempt.name, attempt.user)
        return attempt.user, attempt.base

    def _work(self, attempt: Attempt, container: Container, base: str | None) -> str:
        """The command's working directory; one of a user's own is made by that user, who could lead us astray there."""
        if base is not None:
            return base if container.inside == ONLY else os.path.join(base, container.name)
        path = self._directory.path(attempt.name, container.inside + "work")
        if container.inside != ONLY:
            os.makedirs(path, 0o755, exist_ok=True)
        return path

    def _mounts(
        self, attempt: Attempt, container: Container, *, user: int | None, base: str | None
    ) -> Mounts:
        told = container.spec
        own = (
            os.path.join(base, ".volumes")
            if base is not None
            else self._directory.path(attempt.name, "volumes")
        )
        sources: dict[str, str] = {}
        for volume in attempt.spec["volumes"]:
            sources[volume["name"]] = volume["host_path"] or os.path.join(own, volume["name"])
        scaffold = self._directory.path(attempt.name, container.inside + "mounts")
        mounts = Mounts(told, sources=sources, scaffold=scaffold, user=user)
        for volume in attempt.spec["volumes"] if user is not None else ():
            if volume["account_folder"] is not None:
                make_account_folder(volume["account_folder"], user)
        if user is None:
            for one in told["mounts"]:
                make_folder(sources[one["volume"]])
        return mounts


def inside(name: str, count: int) -> str:
    """Where the files of a container lie in its attempt's directory, of so many."""
    return ONLY if count == 1 else f"containers/{name}/"


def _group_name(attempt: str, index: int, count: int) -> str:
    return attempt if count == 1 else f"{attempt}.{index}"
