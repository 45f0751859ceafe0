"""Sentences in Chinese and English, put together from parts by a seeded generator: no two clips say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "who": (
            "我的朋友|隔壁的老师|那位年轻的医生|公司的经理|城里的孩子们|刚到的客人|我们的司机|楼下的邻居|"
            "这家店的老板|车站的工作人员|他的妹妹|一位老科学家|第三组的同学|负责录音的人|昨天来的记者|"
            "山里的农民"
        ),
        "when": ("今天早上|昨天晚上八点|上个星期|每年冬天|2024年春天|刚才|下午三点半|天快黑的时候|雨停了以后|第12天"),
        "does": (
            "买了三本新书|在河边慢慢地走|打算去北京旅行|把窗户都打开了|正在准备考试|讲了一个很长的故事|"
            "修好了那台旧收音机|忘记带雨伞|写完了最后一封信|听见远处有人唱歌|在厨房里做饭|花了1580元|"
            "用AI软件画了一张画|发现了一条近路|想学会游泳|决定明天再来|给大家倒了一杯热茶|"
            "从图书馆借来两张地图|站在门口等公共汽车|把桌子搬到院子里"
        ),
        "why": (
            "因为天气非常好|虽然路上有点堵车|不过没有人注意到|所以大家都很高兴|如果明天不下雨的话|"
            "而且价格也不贵|可是时间已经来不及了|据说那里的风景特别漂亮|结果比预想的好得多|"
            "这件事情他从来没有告诉过别人"
        ),
    },
    "en": {
        "who": (
            "my neighbour|the young doctor|our driver|an old friend of mine|the manager of the hotel|"
            "the two students|a reporter from the city|the woman at the counter|his little brother|"
            "the whole team|the singer|a tired farmer|the engineer in charge|nobody in the village|"
            "the captain|the owner of this shop"
        ),
        "when": (
            "this morning|last night at 8|in the spring of 2024|every winter|a moment ago|"
            "around half past three|shortly before sunset|after the rain had stopped|on the 12th day|"
            "during the holidays"
        ),
        "does": (
            "bought three new books|walked slowly along the river|is planning a journey to Scotland|"
            "opened all the windows|was preparing for an examination|told a very long story|"
            "repaired the old radio|forgot the umbrella|finished the last letter|"
            "heard somebody singing far away|cooked dinner in the kitchen|paid $1,580 for it|"
            "painted a picture with some AI software|discovered a short cut|wants to learn how to swim|"
            "decided to return tomorrow|poured a cup of hot tea for everybody|"
            "borrowed two maps from the library|stood by the door and waited for the bus|"
            "carried the table into the garden"
        ),
        "why": (
            "because the weather was excellent|although the traffic was heavy|but nobody noticed|"
            "so everyone was happy|if it does not rain tomorrow|and the price was reasonable too|"
            "but it was already too late|since the view from there is beautiful|"
            "and the result was much better than expected|which had never been mentioned to anyone before"
        ),
    },
}
"""What clauses are made of, by language; alternatives divided by |."""


def text(language: str, random: Random, *, clauses: int) -> str:
    """A few sentences of so many clauses altogether, in zh or en, each of five to twelve words."""
    parts = {kind: words.split("|") for kind, words in WORDS[language].items()}
    sentences = []
    while clauses > 0:
        here = [_clause(parts, language, random)]
        clauses -= 1
        while clauses > 0 and random.random() < 0.5:
            here.append(random.choice(parts["why"]))
            clauses -= 1
        stop = random.choice("。。。！？") if language == "zh" else random.choice("...!?")
        sentence = ("，" if language == "zh" else ", ").join(here) + stop
        sentences.append(sentence[0].upper() + sentence[1:])
    return ("" if language == "zh" else " ").join(sentences)


def _clause(parts: Mapping[str, Sequence[str]], language: str, random: Random) -> str:
    who, when, does = (random.choice(parts[kind]) for kind in ("who", "when", "does"))
    if language == "zh":
        return random.choice((f"{who}{when}{does}", f"{when}{who}{does}", f"{who}{does}"))
    return random.choice((f"{when} {who} {does}", f"{who} {does} {when}", f"{who} {does}"))
