"""What is known of upstream's own code, which most engines derive from: what it prints, and what its objects hold.

Read from index-tts v1.5.0, v2.0.0, v2.5.0 and ee40fa7, and from index-tts-vllm 5f9d024. What differs between engines is
in rows.py.
"""

from __future__ import annotations

STREAMING = ("stream_return", "stream")
# Generation parameters that change nothing that can be heard.
INAUDIBLE = frozenset(("verbose", "emit_text", *STREAMING))

# Where an object that is a piece of sound has its rate and its samples: mizuoto's AudioChunk, upstream's in
# backends/trt, the Chunk of indextts25-inference.
CHUNK_RATES, CHUNK_SAMPLES = ("sample_rate",), ("samples", "audio")

# The weights of an emotion vector, in their order.
EMOTIONS = ("happy", "angry", "sad", "afraid", "disgusted", "melancholic", "surprised", "calm")
# How mlx-indextts lets people name them too.
EMOTIONS_IN_CHINESE = dict(zip(("高兴", "愤怒", "悲伤", "恐惧", "反感", "低落", "惊讶", "自然"), EMOTIONS, strict=True))
# What QwenEmotion answers where it finds no emotion in the text.
NO_EMOTION_IN_TEXT = "calm"

# Attributes of the model object.
PRECISIONS = {"use_fp16": "fp16", "is_fp16": "fp16", "use_bf16": "bf16"}
# The numeric types of weights, by the last part of their names; a switch for 16 bits that is off is None or False.
DTYPES = {
    "float32": "fp32", "float16": "fp16", "bfloat16": "bf16", "fp32": "fp32", "fp16": "fp16", "fp64": "fp64",
    "float64": "fp64", "None": "fp32", "False": "fp32", "True": "fp16",
}  # fmt: skip
# A vLLM fork samples with what its engine was made with (gpt/model_vllm.py, model_vllm_v2.py), whatever a call passes.
SAMPLING = ("gpt", "sampling_params")
SAMPLING_NAMES = {
    "temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "repetition_penalty": "repetition_penalty",
    "max_mel_tokens": "max_tokens",
}  # fmt: skip
# In whose code the messages stand by which versions are told apart.
SPEAKING_METHODS = ("infer_generator", "infer", "infer_fast", "generate")
# Printed by the versions that scale an emotion vector by emo_alpha (c605114 and later).
SCALES_BY_ALPHA = "scaled emotion vectors to "


class Probe:
    """A method that is given something worth recording: where that stands among its arguments, self being 0."""

    __slots__ = ("method", "name", "position")

    def __init__(self, method: str, position: int, name: str) -> None:
        self.method, self.position, self.name = method, position, name


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
