"""What a TTS program around IndexTTS2 does, in short: a few calls of infer, one of which goes wrong.

It knows nothing of any recording; the demo runs it by ``python -m indextts_patch studio.py``.
"""

from __future__ import annotations

import contextlib
import io
import time
from pathlib import Path
from typing import Any

from indextts import voice
from indextts.infer_v2 import EMOTIONS, IndexTTS2

LIN, SAM = "voices/lin.wav", "voices/sam.wav"
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    (LIN, "欢迎使用 IndexTTS2，很高兴见到你！", {"happy": 0.9, "surprised": 0.1}),
    (SAM, "Welcome to the studio. Every word you hear is on record.", {}),
    (LIN, "昨夜下了一场雨，花落了满地。", {"use_emo_text": True, "emo_text": "忧伤而低落"}),
    (SAM, "Did you hear that? Somebody is at the door!", {"afraid": 0.8}),
    (LIN, "他推开门，笑着说：“欢迎回家！” 😊", {"happy": 0.7}),
    (SAM, "You have deleted the wrong file. Again.", {"angry": 0.8}),
    (LIN, "月光静静地照在湖面上。", {"emo_audio_prompt": SAM, "emo_alpha": 0.7}),
    ("voices/nobody.wav", "This call fails on purpose: nobody has such a voice.", {}),
]


def record_voices() -> None:
    """The speakers' prompts, each a short recording."""
    Path("voices").mkdir(exist_ok=True)
    for path, text, style in (
        (LIN, "你好，我是小林。", voice.STYLES[0]),
        (SAM, "Hello, I am Sam.", voice.NEUTRAL),
    ):
        frames = voice.excitation(voice.syllables(text, style), style)
        voice.write_wav(Path(path), voice.pcm(voice.vocal_tract(frames), style.loudness))


def arguments(tts: IndexTTS2, emotion: dict[str, Any]) -> dict[str, Any]:
    """Arguments of infer for emotions by name, as the WebUI's sliders become a vector; others as they are."""
    if not emotion or not set(emotion) <= set(EMOTIONS):
        return emotion
    return {"emo_vector": tts.normalize_emo_vec([emotion.get(name, 0.0) for name in EMOTIONS])}


def main() -> None:
    record_voices()
    tts = IndexTTS2(model_dir="checkpoints")
    for number, (prompt, text, emotion) in enumerate(CALLS, 1):
        path = f"outputs/spk_{int(time.time())}_{number}.wav"
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                tts.infer(prompt, text, path, **arguments(tts, emotion))
        except Exception as error:  # noqa: BLE001 - as the WebUI: it shows the error and goes on
            print(f"  {number}  failed, as it should: {type(error).__name__}", flush=True)
        else:
            print(f"  {number}  {text}", flush=True)


if __name__ == "__main__":
    main()
