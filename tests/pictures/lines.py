"""What the studio of the pictures has spoken: who asks for it, in which voice, in which emotions.

`{n}` is a small number, `{hour}` an hour of the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Line:
    """One text, and how it is usually asked for."""

    user: str
    voice: str
    language: str
    emotions: tuple[str, ...]
    text: str


def _lines(user: str, voice: str, language: str, emotions: str, texts: str) -> list[Line]:
    return [
        Line(user, f"voices/{voice}.wav", language, tuple(emotions.split()), text.strip())
        for text in texts.strip().splitlines()
    ]


LINES = [
    *_lines(
        "客服",
        "warm_00",
        "ZH",
        "happy happy calm",
        """
        您好，欢迎致电，请问有什么可以帮您？
        您的订单已经发货，预计{n}天内送达，请保持电话畅通。
        当前排队人数较多，您前面还有{n}位，请稍候。
        为了保证服务质量，本次通话将被录音。
        感谢您的来电，祝您生活愉快，再见！
        """,
    ),
    *_lines(
        "导览",
        "narrator_00",
        "ZH",
        "calm neutral happy",
        """
        欢迎光临本馆，请跟随地面的箭头参观。
        您面前的这件青铜鼎，出土于一九七六年，距今约三千年。
        第{n}展厅正在进行灯光调试，请先参观其他展厅。
        闭馆时间是下午{n}点，请合理安排您的参观时间。
        请不要使用闪光灯，谢谢您的配合。
        """,
    ),
    *_lines(
        "有声书",
        "narrator_00",
        "ZH",
        "melancholic neutral calm sad",
        """
        第{n}章。雨一直下到天亮，巷口的灯还亮着。
        他把信折好，放进抽屉，再也没有提起那个名字。
        月光静静地照在湖面上，谁也没有先开口。
        火车驶过大桥的时候，她才发现自己一直握着那张旧车票。
        很久以前，山脚下住着一位会修钟的老人。
        那年冬天特别冷，连井口都结了冰。
        窗外的槐树又开花了，和他离开的那年一样。
        """,
    ),
    *_lines(
        "播客",
        "young_00",
        "ZH",
        "happy surprised calm",
        """
        大家好，欢迎收听第{n}期节目，今天我们聊聊城市里的声音。
        先说一个好消息：上期征集的问题，我们收到了两百多条！
        如果你也有类似的经历，欢迎在评论区告诉我们。
        好了，今天的节目就到这里，我们下周{hour}点再见。
        """,
    ),
    *_lines(
        "训练营",
        "warm_00",
        "ZH",
        "calm neutral",
        """
        请跟我读：第{n}课，问路。
        吸气，慢慢数到四；呼气，慢慢数到六。
        现在请暂停视频，完成练习{n}，然后再继续。
        """,
    ),
    *_lines(
        "game-dialogue",
        "young_01",
        "EN",
        "angry afraid surprised happy",
        """
        Stay behind me. Whatever you hear, do not open that door.
        Ha! Is that all you have got?
        The bridge is out. We go through the forest, or not at all.
        Checkpoint {n} reached. Catch your breath.
        You came back. I did not think you would.
        """,
    ),
    *_lines(
        "game-dialogue",
        "whisper_07",
        "ZH",
        "afraid angry surprised",
        """
        别出声，他们就在门外。
        你终于来了，我等了整整{n}年！
        把剑放下，我们还有别的路可走。
        """,
    ),
    *_lines(
        "audiobook",
        "narrator_01",
        "EN",
        "neutral calm melancholic",
        """
        Chapter {n}. The harbour was empty, and the bell had stopped.
        She read the letter twice, folded it, and put it back where it had been for thirty years.
        Nobody in the village remembered who had planted the orchard.
        It rained on Tuesday, and on Wednesday the river came to see us.
        "You are late," said the clockmaker, without looking up.
        """,
    ),
    *_lines(
        "announcements",
        "warm_01",
        "EN",
        "neutral calm happy",
        """
        Welcome to the museum. Cameras are fine; flashes are not.
        The library closes in {n} minutes. Please bring your books to the front desk.
        The lift to floor {n} is out of service. We are sorry for the extra steps.
        Good morning, and welcome aboard. Our journey takes about {n} hours.
        """,
    ),
    *_lines(
        "e-learning",
        "warm_01",
        "EN",
        "neutral calm",
        """
        In lesson {n} we look at what happens when two waves meet.
        Pause here, and try exercise {n} on your own.
        Well done! In the next lesson we put both halves together.
        """,
    ),
    *_lines(
        "news-desk",
        "narrator_02",
        "ZH",
        "neutral",
        """
        下面播报天气：今天夜里多云转小雨，气温{n}到十八度。
        地铁{n}号线末班车将延长至晚上十一点半。
        本周末，市图书馆将举办旧书交换活动。
        """,
    ),
    *_lines(
        "studio",
        "narrator_01",
        "EN",
        "neutral happy calm",
        """
        Testing, testing. Take {n}, a little slower this time.
        Welcome to the show. I am glad that you are listening.
        """,
    ),
]


@dataclass(frozen=True, kw_only=True)
class Today:
    """One take of the last day."""

    minutes_ago: float
    line: Line
    error: tuple[str, str] | None = None
    rating: int = 0
    note: str = ""


def _today(minutes_ago: float, user: str, voice: str, emotion: str, text: str, **more: Any) -> Today:
    language = "EN" if text.isascii() else "ZH"
    return Today(minutes_ago=minutes_ago, line=Line(user, f"voices/{voice}.wav", language, (emotion,), text), **more)


_FULL = ("torch.OutOfMemoryError", "CUDA out of memory. Tried to allocate 512.00 MiB.")
_LETTER = "他把信折好，放进抽屉，再也没有提起那个名字。"
_MORNING = "各位来宾早上好，欢迎光临本馆，今天开放到晚上九点。"
_LESSON = "In lesson seven we look at what happens when two waves meet."
_ABOARD = "Good morning, and welcome aboard. Our journey takes about four hours."

TODAY = [
    _today(412, "news-desk", "narrator_02", "neutral", "下面播报天气：今天夜里多云转小雨，气温九到十八度。"),
    _today(371, "导览", "narrator_00", "happy", _MORNING, rating=4, note="停顿自然"),
    _today(303, "audiobook", "narrator_01", "melancholic", "The harbour was empty, and the bell had stopped."),
    _today(268, "game-dialogue", "whisper_07", "afraid", "别出声，他们就在门外。", rating=3, note="气声太重"),
    _today(231, "e-learning", "warm_01", "calm", _LESSON, rating=4, note="clear, and not too fast"),
    _today(174, "播客", "young_00", "happy", "大家好，欢迎收听第十二期节目，今天我们聊聊城市里的声音。", rating=4),
    _today(139, "有声书", "narrator_00", "sad", _LETTER, error=_FULL),
    _today(136, "有声书", "narrator_00", "sad", _LETTER, rating=5, note="就用这一条"),
    _today(88, "game-dialogue", "young_01", "angry", "Stay behind me. Whatever you hear, do not open that door."),
    _today(61, "客服", "warm_00", "happy", "您好，欢迎致电，请问有什么可以帮您？", rating=5, note="亲切，语速合适"),
    _today(34, "announcements", "warm_01", "calm", _ABOARD),
    _today(12, "导览", "narrator_00", "calm", "您面前的这件青铜鼎，出土于一九七六年，距今约三千年。"),
]
