"""The commands: each module here but main is a verb, and holds the command of its name. What they share is in support.

The only place where the parts are put together.
"""
