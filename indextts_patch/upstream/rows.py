"""The engines that are known, one row each; another one costs one more row.

Each was written from the package's own code, in the versions that its `read` names. The newest come first: where two
rows of one name could speak of a fork's module, the first does.
"""

from __future__ import annotations

from ..guard import Any
from .row import SCALED, SCALED_EXACTLY, SCALED_WHERE_TOLD, Engine

# What stands in the bodies of infer and infer_generator, and not in their signatures.
_V2 = {
    "do_sample": True, "top_p": 0.8, "top_k": 30, "temperature": 0.8, "length_penalty": 0.0, "num_beams": 3,
    "repetition_penalty": 10.0, "max_mel_tokens": 1500,
}  # fmt: skip
_V1 = {**_V2, "temperature": 1.0, "max_mel_tokens": 600}
# do_sample is taken out of the keywords, and the GPT is called with True (infer_v2.py, the call of inference_speech).
_ALWAYS_SAMPLES = {"do_sample": True}
_UPSTREAM = "index-tts"
_UPSTREAM_2: dict[str, Any] = {
    "by_stem": True, "generation": _V2, "fixed": _ALWAYS_SAMPLES, "alpha": SCALED_WHERE_TOLD, "rate": 22_050,
    "returns_path": True,
}  # fmt: skip
_UPSTREAM_1: dict[str, Any] = {
    "by_stem": True, "generation": _V1, "rate": 24_000, "returns_path": True,
}  # fmt: skip

_BATCH = "a list of texts is one event"
_STAGES = "stage times, tokens and segments"
_TIMES = "stage times and tokens"
_BLEND = "a reference audio of the emotion beside a vector"
_CAP = "the cap on tokens that is chosen for each text"
_CUT = "whether the speech was cut off"
_PREPARED = "a voice prepared beforehand has no file, unless it is the last one"

_TASK = {"task.text": "text", "task.voice.references.0.audio_path": "voice", "task.language": "language"}
_ONE_PIECE = {"max_text_tokens_per_segment": 120}
_PIECES = {**_ONE_PIECE, "interval_silence": 200}
_MIZUOTO: dict[str, Any] = {
    "package": "mizuoto-indextts", "read": "0.2.5", "methods": ("synthesize",),
    "bags": ("task.params", "task.options"), "applied": "ctx.applied", "renamed": {"max_new_tokens": "max_mel_tokens"},
    "tried": "`make test`: synthesize, stand-ins for what runs the models",
    "directory": "spec.model_dir", "dtype": "half",
    "unknown": (_STAGES, "its warnings, such as that speech was cut off"),
}  # fmt: skip

_REAL = "`make test`: all of it on tiny random weights"
_BY_HAND = "by hand, below; doubles in `make test`"
_THREE = (
    ("onnx", "0.1.0", "`make test`: all of it on tiny graphs, ONNX Runtime"),
    ("mnn", "0.1.1", "`make test`: the same graphs in ONNX Runtime, in the place of MNN"),
    ("mlx", "0.1.1", "`make test`: the same graphs in ONNX Runtime, results through MLX"),
)

ENGINES = (
    Engine(
        "indextts25.infer_v2_5", "IndexTTS2", "2.5", package="indextts25-inference", read="0.2.0",
        tried=_REAL,
        generation={**_V2, "diffusion_steps": 25, "inference_cfg_rate": 0.7}, forwards={"infer": "infer_generator"},
        alpha=SCALED, rate=22_050, returns_path=True,
    ),
    Engine(
        "indextts25.api", "IndexTTS25", "2.5", package="indextts25-inference", read="0.2.0",
        tried=_REAL,
        wraps="indextts25.infer_v2_5.IndexTTS2",
        arguments={"emotion": "emotion_audio", "emotion_strength": "emotion_alpha"},
        rate="SAMPLE_RATE", directory="_tts.model_dir", device="_tts.device",
    ),
    Engine(
        "indextts.infer_v2_5", "IndexTTS2", "2.5", package=_UPSTREAM, read="v2.5.0 and ee40fa7",
        tried=_BY_HAND,
        **_UPSTREAM_2,
    ),
    Engine(
        "backends.trt.pipeline.pipeline", "FasterIndexTTS2", "2", package=f"{_UPSTREAM}, backends/trt", read="ee40fa7",
        tried="a double in `make test`: it needs TensorRT",
        arguments={"speaker": "voice", "emo_speaker": "emotion_audio"}, rate=22_050,
        unknown=(_BATCH, _STAGES, "emo_alpha beside a vector, where it blends the reference audio"),
    ),
    Engine(
        "indextts.infer_vllm_v2", "IndexTTS2", "2", package="index-tts-vllm", read="5f9d024",
        tried=_BY_HAND,
        methods=("infer_with_ref_audio_embed",), unknown=(_CUT,), **_UPSTREAM_2,
    ),
    Engine(
        "indextts.infer_v2", "IndexTTS2", "2",
        package=f"{_UPSTREAM}; indextts2-inference, indextts2-cli, tts-webui.index-tts",
        read="v2.0.0, v2.5.0 and ee40fa7; 2.1.1, 1.0.2, 2.0.1",
        tried=f"2.1.1: {_REAL}; index-tts: {_BY_HAND}; 1.0.2 and 2.0.1: read",
        **_UPSTREAM_2,
    ),
    Engine(
        "indextts.infer_vllm", "IndexTTS", "1", package="index-tts-vllm", read="5f9d024",
        tried=_BY_HAND,
        methods=("infer_with_ref_audio_embed",), **_UPSTREAM_1,
        unknown=(_CUT, "the file of a speaker that was registered by name"),
    ),
    Engine(
        "indextts.infer", "IndexTTS", "1", package=f"{_UPSTREAM}; indextts2-cli, tts-webui.index-tts",
        read="v1.5.0, v2.0.0 and ee40fa7; 1.0.2, 2.0.1",
        tried=f"index-tts: {_BY_HAND}; 1.0.2 and 2.0.1: read",
        **_UPSTREAM_1, unknown=("1 from 1.5: nothing in the code tells them apart",),
    ),
    Engine(
        "windextts.inference", "WIndexTTS", "2.5", package="windextts", read="0.5.0",
        tried="`make test`: its infer, stand-ins for the models, torch",
        text_is_asked_for=True, rate=22_050, directory="weights.dir", dtype="dtype",
        unknown=("times of GPT and flow, tokens and segments", _BLEND, _CAP),
    ),
    Engine(
        "windextts_mlx.inference", "WIndexTTSMLX", "2.5", package="windextts[mlx]", read="0.5.0", lazy=True,
        tried="`make test`: its infer, stand-ins for the models, MLX on the CPU",
        text_is_asked_for=True, rate=22_050, directory="weights_dir", dtype="dtype",
        unknown=(_STAGES, _BLEND, _CAP),
    ),
    Engine(
        "indextts_onnx.infer", "IndexTTSInfer", "2", package="indextts-onnx", read="0.3.0",
        tried="`make test`: all of it on tiny graphs, ONNX Runtime",
        rate=22_050, returns_path=True, fixed={"repetition_penalty": 10.0, "cfg_rate": 0.7},
        unknown=(_TIMES, "whether the weights are int8"),
    ),
    *(
        Engine(
            f"index_tts_2_5_{kind}.api", "IndexTTS", "2.5", package=f"index-tts-2.5-{kind}", read=read, tried=tried,
            rate="sample_rate", forwards={"clone": "synthesize", "synthesize": "_pipe.synthesize"},
            prepared=("spk", "_pipe._speaker", "_pipe._speaker_path"), unknown=(_STAGES, _PREPARED, "the device"),
        )
        for kind, read, tried in _THREE
    ),
    *(
        Engine(
            f"index_tts_2_5_{kind}.core.pipeline", "IndexTTS2Core", "2.5", package=f"index-tts-2.5-{kind}", read=read,
            tried=tried, rate=22_050, directory="", prepared=("spk", "_speaker", "_speaker_path"),
            unknown=(_STAGES, _PREPARED, "the device", "the model's folder"),
        )
        for kind, read, tried in _THREE
    ),
    Engine(
        "mlx_indextts.generate", "IndexTTS", "1.5", package="mlx-indextts", read="0.1.0", lazy=True,
        tried="`make test`: all of it on tiny random weights, MLX on the CPU", rate="sample_rate",
        forwards={"infer": "generate", "generate_stream": "generate"},
        unknown=(_TIMES, "the model's folder", "peak and hash of what generate returns: to read it would compute it"),
    ),
    Engine(
        "mlx_indextts.generate_v2", "IndexTTSv2", "2", package="mlx-indextts", read="0.1.0", lazy=True,
        tried="`make test`: its generate, stand-ins for the models, MLX on the CPU", rate=22_050,
        arguments={"emotion": "emotion_vector"}, alpha=SCALED_EXACTLY, unknown=(_TIMES,),
    ),
    Engine(
        "mizuoto_indextts.engine", "LoadedIndexTts2", None, **_MIZUOTO,
        arguments={
            **_TASK,
            "task.style.emotion.audio_path": "emotion_audio", "task.style.emotion.vector": "emotion_vector",
            "task.style.emotion.text": "emotion_text", "task.style.emotion.strength": "emotion_alpha",
            "task.options.use_random": "emotion_random",
        },
        generation={**_V2, **_PIECES}, alpha=SCALED, text_is_asked_for=True,
        versions=("variant", {"v2": "2", "v2_5": "2.5"}),
    ),
    Engine(
        "mizuoto_indextts.engine", "LoadedIndexTts15", "1.5", **_MIZUOTO, arguments=_TASK,
        generation={**_V1, **_ONE_PIECE},
    ),
    Engine(
        "vox_indextts.adapter", "IndexTTSAdapter", "2", package="vox-indextts", read="0.1.19",
        tried="`make test`: its synthesize around indextts2-inference",
        wraps="indextts.infer_v2.IndexTTS2", directory="_model.model_dir", device="_device",
    ),
)  # fmt: skip
NAMES = frozenset(engine.name for engine in ENGINES)
# A class that the rule found and no row speaks of.
UNLISTED = Engine(
    "", "", None, package="", read="", wraps="whatever it calls", unknown=("the model, and what is no parameter",)
)


def named(module: str, name: str, file: str = "") -> Engine | None:
    """The row of a class, by the name of its module, its own and its file's path; None where there is none."""
    return next((engine for engine in ENGINES if engine.names(module, name, file)), None)
