"""A studio's year, from a seed: events that could have been, Chinese and English, with known habits and known trouble.

The same seed and count give the same bytes. What is planted, for tests and eyes to find again:

- load follows the working day and the working week and grows over the months;
- model 1.5 gives way to 2, and 2 to 2.5; from SLOWER_FROM on, 2.5 needs half as long again for a second of audio;
- one voice (BAD_VOICE) fails eight times as often as the others, and saturates;
- about one request in eight was made before, with equal request_hash.
"""

from __future__ import annotations

import hashlib
import random
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import accumulate
from typing import Any

import orjson

from sidecar.event.event import Event

UTC = timezone.utc
BEGIN = datetime(2025, 11, 24, tzinfo=UTC)
END = datetime(2026, 11, 22, tzinfo=UTC)
SLOWER_FROM = datetime(2026, 10, 5, tzinfo=UTC)
BAD_VOICE = "voices/whisper_07.wav"
FOLDER = "/srv/index-tts/outputs"

EMOTIONS = ("happy", "angry", "sad", "afraid", "disgusted", "melancholic", "surprised", "calm")
_USERS = [
    "audiobook",
    "客服",
    "game-dialogue",
    "有声书二组",
    "news-desk",
    "短视频",
    "e-learning",
    "导览",
    "announcements",
    "播客",
    "drama",
    "assistant",
    "训练营",
    "accessibility",
    "广告",
    "lab",
]
_USER_WEIGHTS = [1 / (rank + 1) for rank in range(len(_USERS))]
_VOICES = [
    f"voices/{kind}_{number:02}.wav" for kind in ("narrator", "warm", "young", "whisper") for number in range(12)
]
_VOICE_WEIGHTS = [1 / (rank + 2) for rank in range(len(_VOICES))]
_VOICE_HASHES = {voice: hashlib.sha256(voice.encode()).hexdigest() for voice in _VOICES}
_EMOTION_CHOICES = ("neutral", *EMOTIONS)
_EMOTION_WEIGHTS = (40, 18, 5, 7, 3, 1, 4, 6, 16)
_ERRORS = (
    ("torch.OutOfMemoryError", "CUDA out of memory. Tried to allocate 512.00 MiB."),
    ("FileNotFoundError", "[Errno 2] No such file or directory: 'voices/unknown.wav'"),
    ("RuntimeError", "The size of tensor a (1502) must match the size of tensor b (1500)"),
)
_NOTES = ("自然，停顿也对", "too fast at the end", "尾音有杂音", "exactly right", "情绪不够", "keeper")
# Share of a day's requests by the hour of UTC: a studio at UTC+8 with some guests from Europe.
_HOURS = [6, 8, 10, 9, 5, 7, 10, 11, 10, 8, 5, 3, 3, 4, 4, 3, 2, 1, 1, 1, 1, 1, 2, 4]
_WEEKDAYS = (1.0, 1.05, 1.1, 1.05, 0.95, 0.35, 0.25)

_ZH_OPENINGS = (
    "欢迎使用",
    "各位听众，",
    "亲爱的朋友，",
    "请注意，",
    "昨天夜里，",
    "很久以前，",
    "据本台消息，",
    "他低声说：",
    "她笑着回答：",
    "接下来，",
    "本次列车即将到达",
    "感谢您的来电，",
    "下面请听",
    "春天来了，",
    "别担心，",
)
_ZH_MIDDLES = (
    "语音合成系统",
    "月光静静地照在湖面上",
    "我们的故事从这里开始",
    "前方道路施工",
    "雨一直下到天亮",
    "这是一个重要的决定",
    "您的订单已经发货",
    "人工客服正忙",
    "远处传来一阵钟声",
    "今天的课程讲第三章",
    "博物馆二楼展出青铜器",
    "天气将转为多云",
    "小镇上的人都睡了",
    "门外有脚步声",
    "股市小幅上涨",
)
_ZH_ENDINGS = (
    "。",
    "！",
    "，请稍候。",
    "，请您留意。",
    "，谁也没有说话。",
    "，祝您旅途愉快。",
    "，让我们一起看看。",
    "？",
)
_EN_OPENINGS = (
    "Welcome to",
    "Ladies and gentlemen,",
    "Please note that",
    "Late last night",
    "Once upon a time",
    "He whispered that",
    "In today's lesson",
    "Your call matters:",
    "According to the report,",
    "Mind the gap:",
    "Chapter three:",
    "Remember,",
)
_EN_MIDDLES = (
    "the quiet harbour",
    "your order has been shipped",
    "the train is about to depart",
    "nobody heard the bell",
    "the second floor shows bronze vessels",
    "rain is expected in the afternoon",
    "every word is on record",
    "the door was never locked",
    "markets rose slightly",
    "we begin with a short exercise",
)
_EN_ENDINGS = (".", "!", ", thank you for waiting.", ", and nobody said a word.", ", have a pleasant journey.", "?")


class Studio:
    """Makes events one after the other.

    Args:
        count: how many syntheses; their ratings and deletions come on top.
        seed: another seed is another studio.
        end: when the last one ended.
    """

    def __init__(self, count: int, *, seed: int = 7, end: datetime = END) -> None:
        self.count = count
        self._random = random.Random(seed)
        self._end = end
        self._shift = end - END
        self._source = "indextts://studio/20251124T000000-1"
        self._sequence = 0
        self._recent: deque[tuple[dict[str, Any], str, float]] = deque(maxlen=2000)
        self._subjects: list[str] = []

    def events(self) -> Iterator[dict[str, Any]]:
        """Events in the order in which they happened."""
        for time in self._times():
            yield self._synthesis(time)
            chance = self._random.random()
            if self._subjects and chance < 0.02:
                yield self._rating(time)
            elif self._subjects and chance < 0.025:
                yield self._deletion(time)

    def _times(self) -> Iterator[datetime]:
        """Moments spread as a year's load is: by weekday and hour, growing to three times the first day's."""
        days = (END - BEGIN).days
        first = BEGIN + self._shift
        weights = [
            _WEEKDAYS[(first + timedelta(days=day)).weekday()] * (1 + 2 * day / days) * self._random.uniform(0.85, 1.15)
            for day in range(days)
        ]
        per_day = [weight * self.count / sum(weights) for weight in weights]
        edges = [0, *accumulate(_HOURS)]
        left = self.count
        for day, expected in enumerate(per_day):
            today = min(left, int(expected) + (self._random.random() < expected % 1))
            if day == days - 1:
                today = left
            left -= today
            moments = []
            for _ in range(today):
                at = self._random.random() * edges[-1]
                hour = bisect_left(edges, at) - 1 if at > 0 else 0
                moments.append(hour * 3600 + self._random.random() * 3600)
            for seconds in sorted(moments):
                yield first + timedelta(days=day, seconds=seconds)

    def _synthesis(self, time: datetime) -> dict[str, Any]:
        rng = self._random
        again = self._recent and rng.random() < 0.125
        if again:
            request, request_hash, slowness = rng.choice(self._recent)
        else:
            request = self._request(time)
            request_hash = hashlib.sha256(orjson.dumps(request)).hexdigest()
            slowness = rng.gauss(1, 0.08)
            self._recent.append((request, request_hash, slowness))
        user = self._user(request)
        bad = request["voice"] == BAD_VOICE
        chance = rng.random()
        failed = chance < (0.12 if bad else 0.015)
        outcome = "failed" if failed else "interrupted" if chance > 0.9995 else "succeeded"
        duration = round(len(request["text"]) * (0.21 if request["language"] == "ZH" else 0.065) + 0.4, 6)
        rtf = self._rtf(time, request["model"]) * slowness * rng.uniform(0.92, 1.08)
        wall = round(duration * rtf * (rng.random() if failed else 1), 6)
        identity = self._uuid7(time)
        error = rng.choice(_ERRORS)
        vector = [0.0] * 8
        if request["emotion"] in EMOTIONS:
            vector[EMOTIONS.index(request["emotion"])] = round(rng.uniform(0.3, 0.9), 4)
        name = f"outputs/spk_{int(time.timestamp())}_{identity[-6:]}.wav"
        audio_hash = hashlib.sha256(identity.encode()).hexdigest()
        full_scale = round(rng.uniform(0.011, 0.2), 6) if bad and rng.random() < 0.3 else 0.0
        data: dict[str, Any] = {
            "text": request["text"],
            "text_length": len(request["text"]),
            "language": request["language"],
            "emotion": {
                "mode": "speaker" if request["emotion"] == "neutral" else "vector",
                "label": request["emotion"],
                "vector_input": vector if any(vector) else None,
                "vector_effective": vector if any(vector) else None,
                "alpha_effective": 0.65,
            },
            "voice": {"path": request["voice"], "sha256": _VOICE_HASHES[request["voice"]], "bytes": 328044},
            "params": {
                "effective": {"do_sample": True, "top_p": 0.8, "top_k": 30, "temperature": request["temperature"]}
            },
            "audio": {
                "path": name,
                "sha256": audio_hash,
                "bytes": 44 + int(duration * 22050) * 2,
                "sample_rate": 22050,
                "channels": 1,
                "bits_per_sample": 16,
                "samples": int(duration * 22050),
                "duration": duration,
                "peak": 1.0 if full_scale else round(rng.uniform(0.4, 0.97), 4),
                "full_scale_share": full_scale,
            }
            if outcome == "succeeded"
            else {"path": None, "requested_path": name},
            "timing": {
                "started_at": _iso(time - timedelta(seconds=wall)),
                "wall": wall,
                "gpt": round(wall * 0.66, 6),
                "s2mel": round(wall * 0.2, 6),
                "bigvgan": round(wall * 0.07, 6),
                "rtf": round(wall / duration, 6) if outcome == "succeeded" else None,
                "segments": 1 + len(request["text"]) // 120,
            },
            "model": {
                "version": request["model"],
                "class": "indextts.infer_v2.IndexTTS2",
                "dir": "checkpoints",
                "device": "cuda:0",
                "precision": "fp16",
            },
            "caller": {"user": user, "session": identity[-12:], "queue_wait": round(rng.expovariate(2.0), 4)},
            "error": {"type": error[0], "message": error[1], "traceback": None} if outcome == "failed" else None,
            "truncated": outcome == "succeeded" and rng.random() < 0.003,
            "request_hash": request_hash,
            "recorder": "indextts_patch 0.1.0",
        }
        if outcome == "succeeded":
            self._subjects.append(identity)
            if len(self._subjects) > 500:
                self._subjects.pop(0)
        return self._event(identity, f"indextts.synthesis.{outcome}", identity, time, data)

    def _user(self, request: dict[str, Any]) -> str:
        return self._random.choices(_USERS, _USER_WEIGHTS)[0]

    def _request(self, time: datetime) -> dict[str, Any]:
        rng = self._random
        chinese = rng.random() < 0.62
        text = self._chinese() if chinese else self._english()
        return {
            "text": text,
            "language": "ZH" if chinese else "EN",
            "emotion": rng.choices(_EMOTION_CHOICES, _EMOTION_WEIGHTS)[0],
            "voice": rng.choices(_VOICES, _VOICE_WEIGHTS)[0],
            "temperature": rng.choice((0.7, 0.8, 0.8, 0.8, 1.0)),
            "model": self._model(time),
        }

    def _chinese(self) -> str:
        rng = self._random
        parts = [
            rng.choice(_ZH_OPENINGS)
            + rng.choice(_ZH_MIDDLES)
            + f"第{rng.randrange(1, 9999)}号" * (rng.random() < 0.5)
            + rng.choice(_ZH_ENDINGS)
            for _ in range(rng.choice((1, 1, 2, 3)))
        ]
        return "".join(parts)

    def _english(self) -> str:
        rng = self._random
        parts = [
            f"{rng.choice(_EN_OPENINGS)} {rng.choice(_EN_MIDDLES)}"
            + f", number {rng.randrange(1, 9999)}" * (rng.random() < 0.5)
            + rng.choice(_EN_ENDINGS)
            for _ in range(rng.choice((1, 1, 2, 3)))
        ]
        return " ".join(parts)

    def _model(self, time: datetime) -> str:
        share = (time - BEGIN - self._shift) / (END - BEGIN)
        if share < 0.3:
            return "1.5" if self._random.random() > share * 2 else "2"
        return "2.5" if self._random.random() < (share - 0.6) * 3 else "2"

    def _rtf(self, time: datetime, model: str) -> float:
        slower = 1.5 if model == "2.5" and time - self._shift >= SLOWER_FROM else 1.0
        return {"1.5": 0.9, "2": 1.2, "2.5": 0.8}[model] * slower

    def _rating(self, time: datetime) -> dict[str, Any]:
        rng = self._random
        data = {
            "rating": rng.choices((1, 2, 3, 4, 5), (1, 2, 3, 6, 5))[0],
            "note": rng.choice(_NOTES) if rng.random() < 0.5 else None,
            "caller": {"user": rng.choices(_USERS, _USER_WEIGHTS)[0]},
        }
        at = time + timedelta(seconds=rng.uniform(5, 600))
        return self._event(self._uuid7(at), "indextts.audio.rated", rng.choice(self._subjects), at, data)

    def _deletion(self, time: datetime) -> dict[str, Any]:
        at = time + timedelta(seconds=1)
        data = {"reason": "older than 30 days", "caller": {"user": None}}
        return self._event(self._uuid7(at), "indextts.audio.deleted", self._random.choice(self._subjects), at, data)

    def _event(self, identity: str, kind: str, subject: str, time: datetime, data: dict[str, Any]) -> dict[str, Any]:
        self._sequence += 1
        return {
            "specversion": "1.0",
            "id": identity,
            "source": self._source,
            "sequence": self._sequence,
            "type": kind,
            "subject": subject,
            "time": _iso(time),
            "datacontenttype": "application/json",
            "dataschema": "urn:indextts:event:1.0",
            "data": data,
        }

    def _uuid7(self, time: datetime) -> str:
        millis = int(time.timestamp() * 1000)
        bits = self._random.getrandbits(74)
        text = f"{millis:012x}7{bits >> 62:03x}{0x8 | (bits >> 60) & 3:x}{bits & (1 << 60) - 1:015x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def decoded(document: dict[str, Any]) -> Event:
    """The event as the shipper holds it. Not validated: a test does that for a sample, a million would take long."""
    raw = orjson.dumps(document)
    return Event(
        id=document["id"],
        type=document["type"],
        source=document["source"],
        sequence=document["sequence"],
        subject=document["subject"],
        time=datetime.fromisoformat(document["time"]),
        data=document["data"],
        raw=raw,
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def file_name(document: dict[str, Any]) -> str:
    """The event file's name beside its audio."""
    audio = document["data"].get("audio") or {}
    path = audio.get("path") or audio.get("requested_path")
    return f"{path.rpartition('/')[2]}.json" if path else f"{document['id']}.json"


def _iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
