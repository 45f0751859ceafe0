"""What every test has: the database servers, a report of what was left out, and hypothesis without a stopwatch."""

from __future__ import annotations

import hypothesis

pytest_plugins = ["tests.running", "tests.servers.fixtures"]

# The machine is shared: an example that takes long is no failure.
hypothesis.settings.register_profile("shared-machine", deadline=None, print_blob=True)
hypothesis.settings.load_profile("shared-machine")
