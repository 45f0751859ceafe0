"""The programs that call an engine, as far as the patch reads them: Gradio and upstream's webui.py."""

from __future__ import annotations

# Gradio sets its LocalContext in the very thread that runs the function (utils.get_function_with_locals); seen from
# 3.50 to 6.31. In 5.x and 6.x the variables have no default.
GRADIO_CONTEXT = ("gradio.context", "LocalContext")
GRADIO_VARIABLES = ("request", "event_id", "blocks")
# Members of an event's `caller` -> attributes of the request.
GRADIO_REQUEST = {"user": "username", "session": "session_hash"}
GRADIO_ADDRESS = ("client", "host")
# Private to Gradio: there in 4.44 and 5.45, not in 3.50.
GRADIO_QUEUE, GRADIO_QUEUED_AT = ("_queue", "event_analytics"), "time"

# The line by which webui.py puts its `indextts` folder on sys.path, there since 2025-05-18.
WEBUI_ANCHOR = rb"""^sys\.path\.append\(\s*os\.path\.join\(\s*current_dir\s*,\s*["']indextts["']\s*\)\s*\)"""
