"""A recording reverse proxy for servers that speak OpenAI's POST /v1/audio/speech: those in C++ and vLLM, too, which no
patch can look into. Bytes and their timing pass unchanged; each request for speech becomes an event file.

README.md says how it is used, and what it knows of which server.
"""
