"""How often doubts are right, by what people decided: the picture below the queue."""

from __future__ import annotations

from sidecar.answers.review import Queue
from sidecar.answers.verdicts import limits, sentences
from sidecar.web import charts
from sidecar.web.pictures import Picture
from sidecar.wording import Word


def agreement(queue: Queue, word: Word) -> Picture | None:
    """The share of takes that people rejected, of those in doubt for each reason; None where nobody decided yet."""
    told = queue.verdicts
    if told.precision is None and told.recall is None:
        return None
    counts = [(word(f"doubt_name_{each.kind}"), each.rejected, each.kept) for each in told.reasons]
    if told.precision is not None:
        counts.append((word("every_doubt"), told.rejected, told.kept))
    limit = {word(f"doubt_name_{each.kind}"): " → ".join(limits(each)) for each in told.moved}
    return Picture(
        svg=charts.bars([_bar(name, rejected, kept) for name, rejected, kept in counts], word("agreement"), whole=1),
        head=[word("reason"), word("rejected_takes"), word("kept_takes"), word("precision"), word("limit")],
        rows=[
            [name, f"{rejected:,}", f"{kept:,}", f"{rejected / (rejected + kept):.0%}", limit.get(name, "")]
            for name, rejected, kept in counts
        ],
        hints=[*sentences(told, queue.recall_of_all, word), word("agreement_hint")],
    )


def _bar(name: str, rejected: int, kept: int) -> charts.Bar:
    share = rejected / (rejected + kept)
    return charts.Bar(name=name, colour="takes", value=share, text=f"{rejected:,} / {rejected + kept:,} · {share:.0%}")
