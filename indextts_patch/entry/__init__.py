"""The ways in: the command line, the line in webui.py, and the doctor."""
