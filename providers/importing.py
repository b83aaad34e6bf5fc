"""One SDK at a time is imported.

SDKs share libraries; imported in two threads at once, each can meet the other's half of such a library, which fails the import.
"""

import threading

ONE_AT_A_TIME = threading.Lock()
"""Held by whoever imports an SDK or builds its client."""
