"""The edges of a process: settings, log, HTTP, systemd, retries, how a folder is watched, metrics."""
