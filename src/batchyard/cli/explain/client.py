"""Clients of the ordinary kind: credentials, endpoint, Region and profile are found as the aws CLI finds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError

from batchyard.cli.refusal import Refusal

_ENV = 'run `eval "$(batchyard env)"`, or give `--endpoint`'


class Clients:
    """Makes clients for one endpoint and Region."""

    def __init__(self, *, endpoint: str | None, region: str | None) -> None:
        self._session = botocore.session.get_session()
        self._endpoint = endpoint
        self.region: str = region or self._session.get_config_variable("region") or "us-east-1"

    def make(self, service: str, *, region: str | None = None) -> Any:
        """A client of a service; raises Refusal where no endpoint is set, before anything is sent to AWS."""
        client = self._session.create_client(
            service,
            endpoint_url=self._endpoint,
            region_name=region or self.region,
            config=Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 2}),
        )
        host = urlsplit(client.meta.endpoint_url).hostname or ""
        if self._endpoint is None and host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
            raise Refusal(
                "no endpoint is set, and AWS itself does not tell which statement decided", advice=_ENV
            )
        return client


@contextmanager
def told() -> Iterator[None]:
    """What botocore raises within, as a Refusal: an unreachable server, missing credentials, a refused call."""
    try:
        yield
    except ClientError as error:
        said = error.response["Error"]
        operation = error.operation_name
        raise Refusal(f"{operation} was refused: {said['Code']}: {said['Message'].rstrip('.')}") from error
    except EndpointConnectionError as error:
        raise Refusal(
            f"cannot reach `{error.kwargs['endpoint_url']}`", advice="is the server running?"
        ) from error
    except NoCredentialsError as error:
        raise Refusal("no AWS credentials are set", advice=_ENV) from error
    except (BotoCoreError, ValueError) as error:
        text = " ".join(str(error).split()).rstrip(".")
        raise Refusal(text[:1].lower() + text[1:]) from error
