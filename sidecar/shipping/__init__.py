"""From the folder to the sink: what is there, what is new, what is shipped.

Imports the standard library, events and the sink's protocol, nothing else.
"""
