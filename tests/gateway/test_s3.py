"""S3's clients that AWS_ENDPOINT_URL sends here are told where to go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def test_a_request_for_s3_is_told_how_it_finds_a_server(aws: Callable[..., Any]) -> None:
    with pytest.raises(ClientError) as caught:
        aws("s3").put_object(Bucket="results", Key="one", Body=b"x")
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert "Batchyard is no S3 server: set AWS_ENDPOINT_URL_S3" in caught.value.response["Error"]["Message"]
