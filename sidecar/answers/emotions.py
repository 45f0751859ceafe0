"""What the emotions are called in English and Chinese, in the page and in the report."""

from __future__ import annotations

from collections.abc import Mapping

EMOTION_WORDS: Mapping[str, tuple[str, str]] = {
    "emotion_neutral": ("neutral", "中性"),
    "emotion_unknown": ("unknown", "未知"),
    "emotion_reference": ("reference", "参考音频"),
    "emotion_happy": ("happy", "高兴"),
    "emotion_angry": ("angry", "愤怒"),
    "emotion_sad": ("sad", "悲伤"),
    "emotion_afraid": ("afraid", "恐惧"),
    "emotion_disgusted": ("disgusted", "厌恶"),
    "emotion_melancholic": ("melancholic", "低落"),
    "emotion_surprised": ("surprised", "惊讶"),
    "emotion_calm": ("calm", "平静"),
}
