"""The parts of a model that are watched while it speaks: the calls that a synthesis consists of, and what they tell.

Read from index-tts v1.5.0, v2.0.0, v2.5.0 and ee40fa7, indextts2-inference 2.1.1 and indextts25-inference 0.2.0.
"""

from __future__ import annotations


class Part:
    """One method of one part of a model.

    `path` leads from the model to the part by attributes and keys, divided by points; empty, it is the model itself. A
    call of the method belongs to `stage`, and when it is over `then` begins: the work between two calls belongs to the
    second of them, as it does in the times that upstream prints. `tells` names what is read from the call.
    """

    # No NamedTuple: every process that loads an engine would wait for the making of its class.
    __slots__ = ("method", "path", "stage", "tells", "then")

    def __init__(self, path: str, method: str, stage: str = "", then: str = "", tells: str = "") -> None:
        self.path, self.method = path, method
        self.stage, self.then, self.tells = stage, then, tells


# Before the model's first part is called, and after its last: of these it is recorded only that a call was in them.
PREPARING, FINISHING = "preparing", "finishing"
# Stages whose times are recorded.
MEASURED = ("gpt", "gpt_forward", "s2mel", "bigvgan")

PARTS = (
    Part("tokenizer", "split_segments", tells="split"),
    Part("tokenizer", "split_sentences", tells="split"),  # until 2025-09
    Part("", "split_text_by_tokens", tells="split"),  # indextts25-inference
    Part("campplus_model", "__call__", tells="voice"),  # the speaker's style, unless the voice is in the cache
    Part("gpt", "merge_emovec", stage="gpt", then="gpt", tells="emotion"),
    Part("gpt", "inference_speech", stage="gpt", then="s2mel", tells="tokens"),
    Part("gpt", "__call__", stage="gpt_forward", then="s2mel"),
    Part("s2mel.models.cfm", "inference", stage="s2mel", then="bigvgan", tells="flow"),
    Part("bigvgan", "__call__", stage="bigvgan", then=FINISHING),
)

# Keywords of inference_speech that are sampling, under the name that infer has for them.
SAMPLING = {
    "do_sample": "do_sample", "top_p": "top_p", "top_k": "top_k", "temperature": "temperature",
    "length_penalty": "length_penalty", "num_beams": "num_beams", "repetition_penalty": "repetition_penalty",
    "max_generate_length": "max_mel_tokens",
}  # fmt: skip
# How many tokens may come, the first that is given: transformers lets max_new_tokens win.
LIMITS = ("max_new_tokens", "max_generate_length")
# Parameters of the flow's inference, under the names that infer has for them, where it takes them at all.
FLOW = {"n_timesteps": "diffusion_steps", "inference_cfg_rate": "inference_cfg_rate"}
ALPHA = "alpha"  # of merge_emovec
# A vLLM fork's GPT has this, and samples with it, whatever it is passed.
OWN_SAMPLING = "sampling_params"
