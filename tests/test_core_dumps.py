"""No process of the console leaves its memory on a disk when it dies (ASVS 14.2.4)."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, resource, sys
from cs_console.__main__ import main
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
sys.argv = ["cs-console", *{arguments}]
try:
    main()
except SystemExit:
    pass
print("at the end", resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""
"""Runs one command and then says what the kernel would do: limits, and PR_GET_DUMPABLE."""


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
@pytest.mark.parametrize("arguments", [["policy", "list"], ["keys", "status"], [], ["demo", "--nonsense"]])
def test_the_kernel_is_told_to_keep_no_memory(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(arguments=arguments)],
        env=os.environ | {"TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "at the end (0, 0) 0"
