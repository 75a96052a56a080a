#!/bin/sh
# Install what the tests of the Docker engine start themselves, where it is missing: Debian 12's daemon, and busybox.
set -eu
if ! command -v dockerd > /dev/null || [ ! -x /bin/busybox ]; then
    apt-get update -q
    # The package starts a service of its own, where services are started: it is not used, and not needed.
    apt-get install -y -q --no-install-recommends docker.io busybox-static
fi
