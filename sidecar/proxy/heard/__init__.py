"""What an answer's bytes say of the audio in them, told while they go by."""

from sidecar.proxy.heard.audio import Audio, Heard
from sidecar.proxy.heard.events import Events

__all__ = ["Audio", "Events", "Heard"]
