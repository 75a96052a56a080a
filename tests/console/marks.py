"""What a test of the console needs: Chromium, Playwright, and the built files."""

import importlib.util
from pathlib import Path

import pytest

import batchyard.server
from console.conftest import CHROMIUM

BUILT = Path(batchyard.server.__file__).parent / "console_files" / "index.html"

CONSOLE = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: apt-get install chromium"),
    pytest.mark.skipif(
        importlib.util.find_spec("playwright") is None,
        reason="there is no Playwright here: make test-browser",
    ),
    pytest.mark.skipif(not BUILT.exists(), reason="the console is not built: make console"),
]
