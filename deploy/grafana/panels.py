"""The few kinds of panel that our dashboards are made of, on Grafana's own published types (grafana-foundation-sdk)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    GraphDrawStyle,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLink,
    DashboardLinkType,
    DataSourceRef,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
    VariableOption,
    VariableRefresh,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from sidecar import palette
from sidecar.event.types import STATUSES

# The data sources are chosen above the panels; what is provisioned is what they show at first.
PROMETHEUS = DataSourceRef(type_val="prometheus", uid="${prometheus}")
MYSQL = DataSourceRef(type_val="mysql", uid="${mysql}")
_PROVISIONED = {
    str(PROMETHEUS.uid): ("prometheus", "Prometheus", "Sidecar Prometheus", "sidecar-prometheus"),
    str(MYSQL.uid): ("mysql", "MySQL", "Sidecar MySQL", "sidecar-mysql"),
}
BUCKET = "$bucket"
"""The length of time that a bar or a point stands for, as it was chosen above the panels."""
_BUCKETS = "5m,15m,1h,6h,1d"
_LIBRARY = "http://127.0.0.1:9791"
_SAME_TIME = "since=${__from:date:iso}&until=${__to:date:iso}"
_YES, _NO = "yes", "no"
_GOOD, _BAD = palette.SURFACES["good"].middle, palette.THINGS["failed"].middle
BY_EMOTION = {name: palette.emotion(name) for name in ("neutral", *palette.EMOTIONS)}
BY_MODEL = {version: palette.model(version) for version in ("1", "1.5", "2", "2.5", "unknown")}
OUTCOMES = {status: palette.outcome(status) for status in STATUSES}
"""For curves by outcome, and those by emotion and model before it: the thing whose colour each has."""
_ALL = VariableOption(text="All", value="$__all")

Panel = timeseries.Panel | stat.Panel | table.Panel | bargauge.Panel


@dataclass
class _Sql(Dataquery):
    """Grafana's SQL query; the published types do not have it."""

    sql: str
    form: Literal["table", "time_series"]
    ref: str

    def to_json(self) -> dict[str, object]:
        return {
            "refId": self.ref,
            "datasource": MYSQL,
            "editorMode": "code",
            "format": self.form,
            "rawQuery": True,
            "rawSql": self.sql,
        }


class Sql(Builder[Dataquery]):
    """
    Args:
        sql: with Grafana's macros ($__timeFilter and the like).
        form: time_series: columns `time`, `metric` and values become curves; table: as it is.
    """

    def __init__(self, sql: str, form: Literal["table", "time_series"] = "table", ref: str = "A") -> None:
        self._query = _Sql(" ".join(sql.split()), form, ref)

    def build(self) -> Dataquery:
        return self._query


def promql(
    expression: str, legend: str = "", ref: str = "A", *, instant: bool = False, dots: bool = False
) -> prometheus.Dataquery:
    """
    Args:
        dots: with exemplars, each of which opens its take.
    """
    query = prometheus.Dataquery().expr(" ".join(expression.split())).legend_format(legend or "__auto").ref_id(ref)
    query = query.datasource(PROMETHEUS).format(PromQueryFormat.TIME_SERIES).exemplar(dots)
    return query.instant() if instant else query.range()


def number(
    title: str,
    query: Builder[Dataquery],
    source: DataSourceRef,
    *,
    description: str,
    takes: str | None = "",
    unit: str = "short",
    bad_from: float | None = None,
    good_from: float | None = None,
    yes_no: bool = False,
) -> stat.Panel:
    """One number, green or red where a bound is given; 1 and 0 are said as yes and no where that is what they mean.

    Args:
        takes: which takes it is made of, for its link into the library; see library.
    """
    colours = [Threshold(value=None, color=_GOOD if good_from is None else _BAD)]
    if bad_from is not None:
        colours.append(Threshold(value=bad_from, color=_BAD))
    if good_from is not None:
        colours.append(Threshold(value=good_from, color=_GOOD))
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(source)
        .unit(unit)
        .links(library(takes))
        .thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(colours))
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(query)
        .height(4)
        .span(4)
    )
    if yes_no:
        said = {"1": ValueMappingResult(text=_YES, color=_GOOD), "0": ValueMappingResult(text=_NO, color=_BAD)}
        panel = panel.mappings([ValueMap(options=said)])
    return panel


def curves(
    title: str,
    queries: list[Builder[Dataquery]],
    source: DataSourceRef,
    *,
    description: str,
    takes: str | None = "",
    unit: str = "short",
    bars: bool = False,
    things: Mapping[str, str] | None = None,
    bad_from: float | None = None,
    span: int = 12,
) -> timeseries.Panel:
    """Curves over time, or stacked bars. `things` names for each curve the thing whose colour it has in the library.

    Args:
        takes: as number's.
        bad_from: a line from which on it is bad.
    """
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(source)
        .unit(unit)
        .min(0)
        .links(library(takes))
        .draw_style(GraphDrawStyle.BARS if bars else GraphDrawStyle.LINE)
        .fill_opacity(70 if bars else 10)
        .line_width(1)
        .show_points(VisibilityMode.NEVER if bars else VisibilityMode.AUTO)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .height(8)
        .span(span)
    )
    if bad_from is not None:
        steps = [Threshold(value=None, color=_GOOD), Threshold(value=bad_from, color=_BAD)]
        panel = panel.thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
        panel = panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
    if bars:
        panel = panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    for query in queries:
        panel = panel.with_target(query)
    for curve, thing in (things or {}).items():
        panel = panel.override_by_name(curve, [_fixed(thing)])
    return panel


def library(takes: str | None) -> list[Builder[DashboardLink]]:
    """The link of a panel into the library: the time that is shown, and a filter.

    Args:
        takes: a filter as in the library's addresses, such as status=failed; empty for all takes; None for no link,
            where a panel shows nothing that the library has.
    """
    if takes is None:
        return []
    address = f"${{library}}/?{_SAME_TIME}" + (f"&{takes}" if takes else "")
    return [
        dashboard.DashboardLink("These takes in the library")
        .type(DashboardLinkType.LINK)
        .url(address)
        .target_blank(True)
    ]


TAKE = "${library}/records/${__value.raw}"
"""Where a cell that holds an event_id leads."""


def these(condition: str) -> str:
    """Where a cell or a bar leads: to the takes of the time that is shown that have this too, such as
    emotion=${__data.fields.emotion}.
    """
    return f"${{library}}/?{_SAME_TIME}&{condition}"


def _opening(address: str) -> DynamicConfigValue:
    link = {"title": "In the library", "url": address, "targetBlank": True}
    return DynamicConfigValue(id_val="links", value=[link])


def _outcomes() -> DynamicConfigValue:
    """Outcomes as people call them, in their colours."""
    said = {
        status: {"text": status.capitalize(), "color": palette.THINGS[thing].middle, "index": place}
        for place, (status, thing) in enumerate(OUTCOMES.items())
    }
    return DynamicConfigValue(id_val="mappings", value=[{"type": "value", "options": said}])


def _fixed(thing: str) -> DynamicConfigValue:
    return DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": palette.THINGS[thing].middle})


def rows(
    title: str,
    sql: str,
    *,
    description: str,
    takes: str | None = "",
    units: dict[str, str] | None = None,
    opens: Mapping[str, str] | None = None,
    span: int = 12,
) -> table.Panel:
    """A table; `units` names Grafana's unit of a column.

    Args:
        takes: as number's.
        opens: for a column, the address in the library that its cells open; TAKE, or a filter of the same time.
    """
    panel = table.Panel().title(title).description(description).datasource(MYSQL).with_target(Sql(sql))
    panel = panel.links(library(takes))
    for column, address in (opens or {}).items():
        panel = panel.override_by_name(column, [_opening(address)])
    panel = panel.override_by_name("status", [_outcomes()])
    for column, unit in (units or {}).items():
        panel = panel.override_by_name(column, [DynamicConfigValue(id_val="unit", value=unit)])
    return panel.height(9).span(span)


def shares(
    title: str, sql: str, *, description: str, opens: Mapping[str, str] | None = None, span: int = 6
) -> bargauge.Panel:
    """One bar for each row of (name, count).

    Args:
        opens: for a column of bars, the filter in the library that a bar opens.
    """
    overridden = bargauge.Panel()
    for column, address in (opens or {}).items():
        overridden = overridden.override_by_name(column, [_opening(address)])
    return (
        overridden.title(title)
        .description(description)
        .datasource(MYSQL)
        .links(library(""))
        .orientation(VizOrientation.HORIZONTAL)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.FIXED).fixed_color(palette.THINGS["takes"].middle))
        .reduce_options(common.ReduceDataOptions().values(True).calcs([]).limit(25))
        .with_target(Sql(sql))
        .min(0)
        .height(8)
        .span(span)
    )


@dataclass(frozen=True, kw_only=True)
class Happened:
    """What is marked in every panel at the moments that a query finds."""

    name: str
    query: str
    """SQL with columns time (seconds), text and tags; or PromQL, whose samples that are there are marked."""
    source: DataSourceRef
    title: str = ""
    """Of PromQL: what is said of a mark, with {{labels}}."""
    colour: str

    def as_json(self) -> dict[str, Any]:
        """As dashboards have it: the published types lack what both data sources read."""
        text = " ".join(self.query.split())
        target: dict[str, Any] = {"refId": "Anno"}
        if self.source is MYSQL:
            target |= {"rawSql": text, "format": "table", "rawQuery": True, "editorMode": "code"}
        else:
            target |= {"expr": text, "range": True, "legendFormat": self.title}
        return {
            "name": self.name,
            "datasource": {"type": self.source.type_val, "uid": self.source.uid},
            "enable": True,
            "hide": False,
            "iconColor": palette.THINGS[self.colour].middle,
            "target": target,
            **({"expr": text, "titleFormat": self.title, "step": "1m"} if self.title else {}),
        }


def variable(name: str, label: str, query: str, source: DataSourceRef, *, everything: str) -> dashboard.QueryVariable:
    """A choice of several above the panels; `everything` is the regular expression behind "All"."""
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(source)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value(everything)
        .current(_ALL)
    )


def document(
    title: str,
    uid: str,
    *,
    description: str,
    hours: int,
    sources: Sequence[DataSourceRef],
    choice: dashboard.QueryVariable,
    happened: Sequence[Happened] = (),
    sections: dict[str, list[Panel]],
) -> dict[str, Any]:
    """The dashboard as Grafana imports it.

    Args:
        sources: what its panels ask.
        happened: what is marked in every panel.
    """
    board = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags(["indextts"])
        .timezone("browser")
        .time(f"now-{hours}h", "now")
        .refresh("30s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
    )
    for source in sources:
        kind, label, name, there = _PROVISIONED[str(source.uid)]
        chosen = VariableOption(text=name, value=there)
        board = board.with_variable(dashboard.DatasourceVariable(kind).label(label).type(kind).current(chosen))
    bucket = dashboard.IntervalVariable("bucket").label("Bucket").values(_BUCKETS)
    board = board.with_variable(bucket.current(VariableOption(text="1h", value="1h", selected=True)))
    address = VariableOption(text=_LIBRARY, value=_LIBRARY)
    at = dashboard.TextBoxVariable("library").label("Library").default_value(_LIBRARY).current(address)
    board = board.with_variable(at).with_variable(choice)
    number_of = 0
    for section, panels in sections.items():
        board = board.with_row(dashboard.Row(section))
        for panel in panels:
            number_of += 1
            board = board.with_panel(panel.id(number_of))
    built: dict[str, Any] = json.loads(json.dumps(board.build(), cls=JSONEncoder))
    built["annotations"] = {"list": [each.as_json() for each in happened]}
    return built
