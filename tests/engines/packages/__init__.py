"""The packages that are not IndexTTS on torch: each with stand-ins for its models, never for its entry points.

`play` runs in the engines' environment, once a package; `../test_packages.py` compares what came of it.
"""
