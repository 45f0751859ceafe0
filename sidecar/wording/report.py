"""What only the report says."""

from __future__ import annotations

from collections.abc import Mapping

REPORT: Mapping[str, tuple[str, str]] = {
    "report_title": ("What IndexTTS did", "IndexTTS 合成报告"),
    "made_at": ("Made {:%Y-%m-%d %H:%M}; times in {}", "生成于 {:%Y-%m-%d %H:%M}，时区 {}"),
    "only": ("Only", "范围"),
    "notice": ("What to notice", "值得注意"),
    "no_records": ("No records in this range.", "该范围内没有记录。"),
    "no_font": (
        "This machine has no font with Chinese characters (Debian: fonts-noto-cjk); the charts show them as boxes.",
        "本机没有中文字体（Debian 可安装 fonts-noto-cjk），图中的汉字会显示为方框。",
    ),
    "of_users": ("users", "位用户"),
    "load_day_hint": (
        "Each bar is a day. The forecast goes on as the past did, by weekday; its band holds 95 of 100 days.",
        "每根柱为一天。预测按历史趋势与星期规律外推，带宽覆盖 95% 的日子。",
    ),
    "emotions_by_user": ("Emotions by user", "各用户的情感构成"),
    "changed_hint": ("Dashed: the level changed.", "虚线表示水平发生变化。"),
    "quality_hint": ("Over seven days each.", "七日滑动比例。"),
    "takes_a_week": ("takes in a week", "每周次数"),
    "trend": ("trend", "趋势"),
    "forecast": ("forecast", "预测"),
    "interval": ("95 % interval", "95% 区间"),
    "hour": ("hour", "小时"),
    "text": ("Text", "文本"),
    "notice_brief": (
        "Days on record: {days}. The pattern of a week shows from 7 days on, a change of level from 14, "
        "a forecast from 30.",
        "目前有 {days} 天的记录。满 7 天可看一周分布，满 14 天可看水平变化，满 30 天可作预测。",
    ),
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
