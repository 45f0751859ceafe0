"""The report's words, in English and Chinese; what the pages have too comes from there."""

from __future__ import annotations

from collections.abc import Mapping

from sidecar.answers.emotions import EMOTION_WORDS

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("What IndexTTS did", "IndexTTS 合成报告"),
    "made_at": ("Made {:%Y-%m-%d %H:%M}; times in {}", "生成于 {:%Y-%m-%d %H:%M}，时区 {}"),
    "only": ("Only", "范围"),
    "notice": ("What to notice", "值得注意"),
    "nothing": ("No records in this range.", "该范围内没有记录。"),
    "no_font": (
        "This machine has no font with Chinese characters (Debian: fonts-noto-cjk); the charts show them as boxes.",
        "本机没有中文字体（Debian 可安装 fonts-noto-cjk），图中的汉字会显示为方框。",
    ),
    "records": ("records", "条记录"),
    "users": ("users", "位用户"),
    "audio": ("of audio", "音频总长"),
    "computing": ("of computing", "计算总时长"),
    "failure_rate": ("failure rate", "失败率"),
    "load": ("How load grows", "负载走势"),
    "load_hint": (
        "Each bar is a day. The forecast goes on as the past did, by weekday; its band holds 95 of 100 days.",
        "每根柱为一天。预测按历史趋势与星期规律外推，带宽覆盖 95% 的日子。",
    ),
    "week": ("When it is highest", "一周中的高峰"),
    "emotions": ("Which emotion is used most", "最常用的情感"),
    "emotions_by_user": ("By whom", "各用户的情感构成"),
    "rtf": ("Real-time factor by model", "各模型实时率"),
    "rtf_hint": (
        "Computing seconds for one second of audio; lower is better. Dashed: the level changed.",
        "每秒音频的计算秒数，越低越好。虚线表示水平发生变化。",
    ),
    "quality": ("What goes wrong", "失败、削波与截断"),
    "quality_hint": (
        "Share of the takes of seven days. Dashed: the level changed.",
        "七日滑动比例。虚线表示水平发生变化。",
    ),
    "voices": ("Voices by failure rate", "音色失败率"),
    "duplicates": ("What was made again", "重复合成"),
    "errors": ("Errors", "错误类型"),
    "takes": ("takes", "合成次数"),
    "takes_a_week": ("takes in a week", "每周次数"),
    "trend": ("trend", "趋势"),
    "forecast": ("forecast", "预测"),
    "interval": ("95 % interval", "95% 区间"),
    "hour": ("hour", "小时"),
    "failed": ("failed", "失败"),
    "saturated": ("saturated", "削波"),
    "truncated": ("cut off", "截断"),
    "text": ("text", "文本"),
    "error": ("error", "错误"),
    "spent_again": ("spent again", "重复耗时"),
    "day0": ("Mon", "周一"),
    "day1": ("Tue", "周二"),
    "day2": ("Wed", "周三"),
    "day3": ("Thu", "周四"),
    "day4": ("Fri", "周五"),
    "day5": ("Sat", "周六"),
    "day6": ("Sun", "周日"),
    **EMOTION_WORDS,
    "hours_minutes": ("{} h {:02} min", "{} 小时 {:02} 分"),
    "minutes": ("{:.1f} min", "{:.1f} 分钟"),
    "notice_peak": (
        "Load is highest on {day} at {hour}:00, with {takes:,.0f} takes in that hour.",
        "负载高峰在{day} {hour}:00，该小时平均 {takes:,.0f} 次。",
    ),
    "notice_growth": (
        "A month changes load by {growth:+.0%}. The next four weeks bring about {expected:,.0f} takes, "
        "between {low:,.0f} and {high:,.0f} on most days.",
        "负载每月变化 {growth:+.0%}。未来四周约 {expected:,.0f} 次，多数日子在 {low:,.0f} 到 {high:,.0f} 次之间。",
    ),
    "notice_slower": (
        "Model {model} became slower on {at:%Y-%m-%d}: real-time factor {before:.2f} before, {after:.2f} since.",
        "模型 {model} 自 {at:%Y-%m-%d} 起变慢：实时率由 {before:.2f} 升至 {after:.2f}。",
    ),
    "notice_faster": (
        "Model {model} became faster on {at:%Y-%m-%d}: real-time factor {before:.2f} before, {after:.2f} since.",
        "模型 {model} 自 {at:%Y-%m-%d} 起变快：实时率由 {before:.2f} 降至 {after:.2f}。",
    ),
    "notice_share": (
        "The share of {name} takes went from {before:.1%} to {after:.1%} on {at:%Y-%m-%d}.",
        "{name}比例自 {at:%Y-%m-%d} 起由 {before:.1%} 变为 {after:.1%}。",
    ),
    "notice_repeats": (
        "{repeats:,} takes repeated an earlier request and cost {wasted} of computing, {share:.0%} of the whole.",
        "{repeats:,} 次合成与已有请求相同，耗费计算 {wasted}，占总量 {share:.0%}。",
    ),
    "notice_voice": (
        "The voice {voice} fails in {rate:.1%} of attempts; all together fail in {overall:.1%}.",
        "音色 {voice} 的失败率为 {rate:.1%}，总体为 {overall:.1%}。",
    ),
}


def phrases(language: str) -> Mapping[str, str]:
    index = 1 if language == "zh" else 0
    return {name: both[index] for name, both in _WORDS.items()}


def duration(seconds: float | None, words: Mapping[str, str]) -> str:
    """A length of time for a sentence."""
    minutes = (seconds or 0.0) / 60
    if minutes < 60:
        return words["minutes"].format(minutes)
    hours, rest = divmod(round(minutes), 60)
    return words["hours_minutes"].format(f"{hours:,}", rest)
