"""A deployment as plain text to be pasted somewhere: what happened, step by step. Pure."""

from __future__ import annotations

from datetime import datetime

from pilothouse.ui.run.endings import answers, ending
from pilothouse.ui.run.feed import RunFeed
from pilothouse.ui.run.outline import Line, Stand, lines
from pilothouse.ui.run.spans import of_day
from pilothouse.ui.words import about, duration


def report(feed: RunFeed, now: datetime) -> str:
    """The report; without tokens, values or headers, as none are in the journal."""
    progress, record = feed.progress, feed.record
    if progress is None or record is None:
        return ""
    told = [f"{progress.plan.title} (deployment {feed.id}, by {record.created_by})"]
    end = ending(progress, feed.told)
    if end is not None:
        told.append(end.sentence)
        told += [f"{one.question}: {one.text}" for one in answers(progress, feed.notice)]
    told.append("")
    told += [_line(one) for one in lines(progress, now)]
    told.append("")
    told += [f"{of_day(one.at)}  {one.speaker:8}  {one.text}" for one in feed.lines]
    return "\n".join(told)


def _line(line: Line) -> str:
    time = about(line.heading.expected_s)
    if line.taken_s is not None:
        time = duration(line.taken_s)
    elif line.stand is Stand.NOT_DONE:
        time = "not done"
    return f"{'  back' if line.back else ''}  {line.stand.value:8}  {line.heading.title}  {time}"
