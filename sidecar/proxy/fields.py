"""What servers call the members of a request for speech; README.md says which server has which."""

from __future__ import annotations

TEXT = ("input", "text")
LANGUAGE = ("language", "lang", "target_lang", "target_language")
VOICE = ("voice", "speaker", "character", "speaker_id", "voice_id")
"""A name, or an object that holds one as id."""
REFERENCE = (
    "ref_audio",
    "voice_ref",
    "spk_audio_path",
    "audio_path",
    "audio_paths",
    "reference_audio",
    "prompt_audio",
    "spk_audio_prompt",
    "references",
)
"""The voice's audio: a path, an address, base64, an object that holds one of these, or a list of such."""
REFERENCE_INNER = ("path", "audio_path", "url", "data", "audio", "id")
EMOTION_MODE = "emo_control_method"
"""0 speaker, 1 reference, 2 vector, 3 text; where it is missing, by what else is there."""
EMOTION_VECTOR = ("emo_vec", "emo_vector", "emotion_vector")
EMOTION_ALPHA = ("emo_weight", "emo_alpha", "emotion_weight")
EMOTION_TEXT = ("emo_text", "emotion_text")
EMOTION_REFERENCE = ("emo_ref_path", "emo_audio", "emo_audio_prompt", "emotion_audio")
EMOTION_RANDOM = ("emo_random", "use_random")
MODEL = "model"
FORMAT = "response_format"
NESTED = ("extra_body", "extra_params", "options")
"""Objects in which some clients and servers keep members of their own."""
WORDS = ("instructions", "instruct", "description", "ref_text", "reference_text", "prompt_text", "phonemes")
"""What people wrote besides the text to speak; kept only where texts are."""
LABELS = ("happy", "angry", "sad", "afraid", "disgusted", "melancholic", "surprised", "calm")
"""In the order of IndexTTS2's vector."""
MODES = ("speaker", "reference", "vector", "text")
