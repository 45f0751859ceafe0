"""The engines that are recorded, one row each, and all that is known of how they behave.

To record a further class, add a row to ENGINES, and the names of its parameters to PARAMETERS where they are new.
Read from index-tts v1.5.0, v2.0.0, v2.5.0 and ee40fa7, and from index-tts-vllm 5f9d024.
"""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple


class Engine(NamedTuple):
    """One class of somebody else's that turns text into speech.

    The last part of the module's name, or the name of its file, tells the version under any prefix; 1 covers 1.5 too,
    since nothing in the code tells them apart. The outermost call of one of the methods is one synthesis; a class is
    recorded where the first of them takes a text and a voice.
    """

    module: str
    name: str
    version: str
    methods: tuple[str, ...]


# The newest first: the order in which the doctor looks for them.
ENGINES = (
    Engine("indextts.infer_v2_5", "IndexTTS2", "2.5", ("infer", "infer_generator")),
    Engine("indextts.infer_v2", "IndexTTS2", "2", ("infer", "infer_generator")),
    Engine("indextts.infer", "IndexTTS", "1", ("infer", "infer_fast")),
    Engine("indextts.infer_vllm_v2", "IndexTTS2", "2", ("infer", "infer_stream", "infer_with_ref_audio_embed")),
    Engine("indextts.infer_vllm", "IndexTTS", "1", ("infer", "infer_with_ref_audio_embed")),
)
MODULES = tuple(engine.module for engine in ENGINES)
CLASSES = tuple(dict.fromkeys(engine.name for engine in ENGINES))
METHODS = tuple(dict.fromkeys(method for engine in ENGINES for method in engine.methods))
TELLING_METHODS = tuple(dict.fromkeys(engine.methods[0] for engine in ENGINES))
VERSIONS = {engine.module.rpartition(".")[2]: engine.version for engine in ENGINES}
_ENDINGS = tuple(f".{module}" for module in MODULES)
# Forks add a suffix to a module's name.
_FORKED_MODULE = re.compile(r"(^|\.)(indextts\.infer_\w+|infer_v2(_\w+)?|infer_vllm(_\w+)?)$")
_FORKED_FILE = re.compile(r"infer_(v\d|vllm)\w*$")


def is_module(name: str) -> bool:
    """Whether a module of this name may define an engine, with any prefix: engines.index_tts.indextts.infer_v2."""
    return f".{name}".endswith(_ENDINGS) or _FORKED_MODULE.search(name) is not None


def is_file(path: str) -> bool:
    """Whether a file of this name may define an engine, wherever it lies."""
    stem, extension = os.path.splitext(os.path.basename(path))
    return extension == ".py" and (stem in VERSIONS or _FORKED_FILE.match(stem) is not None)


class Family(NamedTuple):
    """What the versions that begin with the same figure have in common."""

    sample_rate: int | None  # of a stream, in hertz: its chunks do not say
    generation: dict[str, Any]  # defaults of **generation_kwargs, which stand in the bodies of the functions
    always_samples: bool  # do_sample is taken and then ignored (infer_v2.py, the call of inference_speech)


_GENERATION = {
    "do_sample": True, "top_p": 0.8, "top_k": 30, "temperature": 0.8, "length_penalty": 0.0, "num_beams": 3,
    "repetition_penalty": 10.0, "max_mel_tokens": 1500,
}  # fmt: skip
_FAMILIES = {
    "1": Family(24_000, {**_GENERATION, "temperature": 1.0, "max_mel_tokens": 600}, always_samples=False),
    "2": Family(22_050, _GENERATION, always_samples=True),
}
_UNKNOWN = Family(None, _GENERATION, always_samples=False)


def family(version: object) -> Family:
    """What is common to this version of the model and its relatives."""
    return _FAMILIES.get(str(version)[:1], _UNKNOWN)


# Every parameter with a meaning of its own, and which one; all others are generation parameters.
PARAMETERS = {
    "text": "text", "spk_audio_prompt": "voice", "audio_prompt": "voice", "output_path": "output", "lang": "language",
    "emo_audio_prompt": "emotion_audio", "emo_alpha": "emotion_alpha", "emo_vector": "emotion_vector",
    "use_emo_text": "emotion_by_text", "emo_text": "emotion_text", "use_random": "emotion_random",
}  # fmt: skip
STREAMING = "stream_return"
# Generation parameters that change nothing that can be heard.
INAUDIBLE = frozenset(("verbose", STREAMING))

# The weights of an emotion vector, in their order.
EMOTIONS = ("happy", "angry", "sad", "afraid", "disgusted", "melancholic", "surprised", "calm")
# What QwenEmotion answers where it finds no emotion in the text.
NO_EMOTION_IN_TEXT = "calm"

# Attributes of the model object.
DIRECTORY, DEVICE, VERSION = "model_dir", "device", "model_version"
PRECISIONS = {"use_fp16": "fp16", "is_fp16": "fp16", "use_bf16": "bf16"}
# A vLLM fork samples with what its engine was made with (gpt/model_vllm.py, model_vllm_v2.py), whatever a call passes.
SAMPLING = ("gpt", "sampling_params")
SAMPLING_NAMES = {
    "temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "repetition_penalty": "repetition_penalty",
    "max_mel_tokens": "max_tokens",
}  # fmt: skip
# Printed by the versions that scale an emotion vector by emo_alpha (c605114 and later), and by which functions.
SCALES_BY_ALPHA = "scaled emotion vectors to "
SCALING_METHODS = ("infer_generator", "infer")


class Probe(NamedTuple):
    """A method that is given something worth recording: where that stands among its arguments, self being 0."""

    method: str
    position: int
    name: str


PROGRESS = Probe("_set_gr_progress", 2, "desc")
SLIDERS = Probe("normalize_emo_vec", 1, "emo_vector")
# Computes the weights of mode text: a mapping, or (mapping, text), or a coroutine of it.
EMOTION_CLASS, EMOTION_METHOD = "QwenEmotion", "inference"
# Where a module logs instead of printing (the vLLM fork's IndexTTS2).
LOGGER, LOGGING_LIBRARIES = "logger", ("logging", "loguru")

# What is printed or logged. Seconds of each stage of a synthesis, under the name that events have for it:
STAGES = {"gpt_gen": "gpt", "gpt_forward": "gpt_forward", "s2mel": "s2mel", "bigvgan": "bigvgan"}
STAGE_LINE = rf">> ({'|'.join(STAGES)})_time: ([0-9.]+) seconds"
WARNING_LINE = "  >> Warning: "
TRUNCATED = "generation stopped due to exceeding"
# In a description of the progress: "speech synthesis 2/3..."; "starting inference...", in 1.x "start inference...".
SEGMENT = r"(\d+)/(\d+)"
RUN_BEGINS = "start"
