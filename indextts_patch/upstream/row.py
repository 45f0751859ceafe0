"""What can be known of one engine: the fields of a row."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # typing itself takes longer to import than all of this
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Every parameter with a meaning of its own, in whatever engine, and which one; all others are generation parameters.
PARAMETERS = {
    "text": "text", "output_path": "output", "out_path": "output", "out": "output",
    "spk_audio_prompt": "voice", "audio_prompt": "voice", "ref_audio": "voice", "ref_audio_path": "voice",
    "reference_audio": "voice", "reference_audio_path": "voice", "speaker_wav": "voice", "prompt_audio": "voice",
    "prompt_wav": "voice", "voice_path": "voice", "voice": "voice", "lang": "language", "language": "language",
    "emo_audio_prompt": "emotion_audio", "emo_ref_path": "emotion_audio", "emo_alpha": "emotion_alpha",
    "emo_vector": "emotion_vector", "use_emo_text": "emotion_by_text", "emo_text": "emotion_text",
    "use_random": "emotion_random",
}  # fmt: skip

# How emo_alpha changes the weights of an emotion vector.
UNSCALED = ""  # not at all
SCALED = "scaled"  # times 0 to 1, cut off after four decimals, as upstream does since c605114
SCALED_EXACTLY = "scaled exactly"  # times 0 to 1
SCALED_WHERE_TOLD = "scaled where told"  # as SCALED by those versions whose code has the message that says so


class Engine:
    """One class of somebody else's that turns text into speech: where it is, and what its names alone do not say.

    Paths (`directory`, `voice_of`, a key of `arguments`) are attributes, items and keys, divided by points.
    """

    def __init__(
        self,
        module: str,
        name: str,
        version: str | None,
        *,
        package: str,
        read: str,
        tried: str = "",
        unknown: tuple[str, ...] = (),
        by_stem: bool = False,
        methods: tuple[str, ...] = (),
        arguments: Mapping[str, str] = {},
        bags: tuple[str, ...] = (),
        renamed: Mapping[str, str] = {},
        generation: Mapping[str, Any] = {},
        fixed: Mapping[str, Any] = {},
        forwards: Mapping[str, str] = {},
        alpha: str = UNSCALED,
        text_is_asked_for: bool = False,
        rate: int | str | None = None,
        returns_path: bool = False,
        wraps: str = "",
        versions: tuple[str, Mapping[str, str]] = ("model_version", {}),
        directory: str = "model_dir",
        device: str = "device",
        dtype: str = "",
        prepared: tuple[str, str, str] | None = None,
        applied: str = "",
        lazy: bool = False,
    ) -> None:
        """A row.

        Args:
            module: the last parts of the module's name; any prefix may stand before it.
            name: of the class.
            version: of the model; None where only the object says.
            package: as people install it.
            read: the versions whose code was read for this row.
            tried: how the recording was tried on it.
            unknown: what an event of it does not say, a sentence each.
            by_stem: found by the module's last part alone too, and by the file's name.
            methods: those that speak although the rule does not see it by their names.
            arguments: what parameters mean, beyond PARAMETERS, by name or path.
            bags: arguments that are mappings of parameters themselves.
            renamed: parameters that upstream calls otherwise, and how.
            generation: defaults that stand in the bodies of functions.
            fixed: parameters that are taken and then ignored, and what is used instead.
            forwards: methods whose **kwargs go on to another one, and its path from the object.
            alpha: how emo_alpha changes an emotion vector: one of the words above.
            text_is_asked_for: a description of the emotion counts as soon as it is given, without a switch.
            rate: of samples that are handed over without one, in hertz, or the object's attribute that holds it.
            returns_path: a call with an output path returns that path, so that an earlier take can answer it.
            wraps: what it calls, whose own call then tells the facts of the one event.
            versions: the object's attribute that tells the version, and what its values stand for.
            directory: path of the model's folder.
            device: path of the device.
            dtype: path of the numeric type that the weights have, or of the switch for 16 bits.
            prepared: the argument that may hold a voice prepared beforehand; the path of the one that the object
                remembers; and the path of the file that it was made from.
            lazy: the library computes only when a result is read, so that the times of calls say nothing.
            applied: argument's path of a mapping in which the engine says, after the call, which parameters it used.
        """
        self.module, self.name, self.version = module, name, version
        self.stem = module.rpartition(".")[2]
        self.path = os.sep + module.replace(".", os.sep) + ".py"
        self.package, self.read, self.tried, self.unknown = package, read, tried, unknown
        self.by_stem, self.methods = by_stem, methods
        self.meanings = {**PARAMETERS, **arguments}
        self.bags, self.renamed = bags, renamed
        self.generation, self.fixed, self.forwards = generation, fixed, forwards
        self.alpha, self.text_is_asked_for = alpha, text_is_asked_for
        self.rate, self.returns_path = rate, returns_path
        self.wraps = wraps
        self.versions = versions
        self.directory, self.device, self.dtype, self.prepared = directory, device, dtype, prepared
        self.applied, self.lazy = applied, lazy

    def takes(self, names: tuple[str, ...], meaning: str) -> bool:
        """Whether one of these parameters has this meaning, or holds what has it."""
        return any(known == meaning and path.partition(".")[0] in names for path, known in self.meanings.items())

    def names(self, module: str, name: str, file: str) -> bool:
        """Whether this row speaks of a class, by the names of its module, of itself and of its file."""
        if name != self.name:
            return False
        if f".{module}".endswith(f".{self.module}") or file.endswith(self.path):
            return True
        stems = (module.rpartition(".")[2], os.path.splitext(os.path.basename(file))[0])
        return self.by_stem and any(stem == self.stem or stem.startswith(f"{self.stem}_") for stem in stems)
