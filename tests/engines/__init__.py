"""The real code of two packages that people install, on tiny random weights, with and without the patch.

What is in here runs in two environments: `weights`, `loading`, `spies`, `stage` and `scenes` in the engines' own, which
get-engines.sh makes; the tests and `engines` in the project's. `gpu`, with `card`, is a program for a machine with a
graphics card.
"""
