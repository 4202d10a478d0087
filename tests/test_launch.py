"""Opening the console: what it sets for its process before anything is loaded."""

import subprocess
import sys

HEAPS = """
import ctypes, sys, tempfile, threading
libc = ctypes.CDLL(None)
if not hasattr(libc, "mallopt"):  # only glibc has a heap for each thread
    print("none")
    sys.exit()
if "share" in sys.argv:
    from cs_console.launch import _share_one_heap
    _share_one_heap()
libc.malloc.restype = ctypes.c_void_p
kept = []
threads = [threading.Thread(target=lambda: kept.append(libc.malloc(5000))) for _ in range(4)]
for one in threads:
    one.start()
for one in threads:
    one.join()
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as file:
    stream = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(file.read().count(b"<heap nr="))
"""


def heaps(*arguments: str) -> str:
    ran = subprocess.run([sys.executable, "-c", HEAPS, *arguments], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def test_all_threads_of_a_console_share_one_heap() -> None:
    if heaps() == "none":
        assert heaps("share") == "none"  # another C library: it changes nothing, and does not fail
    else:
        assert int(heaps()) > 1
        assert heaps("share") == "1"
