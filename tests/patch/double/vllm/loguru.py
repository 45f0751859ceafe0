"""As much of loguru as the vLLM fork uses. It tells who called, as loguru does; on stdout, where a test compares it."""

import sys


class Logger:
    def __init__(self, depth=0):
        self._depth = depth

    def opt(self, *, depth=0):
        return Logger(depth)

    def info(self, message):
        frame = sys._getframe(1 + self._depth)
        print(f"{frame.f_globals['__name__']}:{frame.f_code.co_name}:{frame.f_lineno} - {message}")


logger = Logger()
