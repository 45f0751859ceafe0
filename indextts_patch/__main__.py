"""The launcher: python -m indextts_patch webui.py --port 7860."""

from __future__ import annotations

import sys

from .entry.launcher import main

sys.exit(main())
