"""The same story, its job in a container of a Docker daemon started for it: `make demo-docker`."""

from __future__ import annotations

import story

from docker_host.daemons import docker_host
from docker_host.images import BUSYBOX, make_images


def main() -> None:
    """Tell it with a daemon of its own, and an image made of what is on the machine."""
    with docker_host() as host:
        client = host.client()
        make_images(client, python=False)
        # The name that the story's job definition has, as its readers know it.
        client.tag(BUSYBOX, "busybox", "latest")
        client.close()
        story.main("--engine", "docker", variables={"DOCKER_HOST": f"unix://{host.socket}"})


if __name__ == "__main__":
    main()
