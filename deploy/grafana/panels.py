"""The few kinds of panel that our dashboards are made of, on Grafana's own published types (grafana-foundation-sdk)."""

from __future__ import annotations

import json
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
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    VariableOption,
    VariableRefresh,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="sidecar-prometheus")
MYSQL = DataSourceRef(type_val="mysql", uid="sidecar-mysql")
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


def promql(expression: str, legend: str = "", ref: str = "A", *, instant: bool = False) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(" ".join(expression.split())).legend_format(legend or "__auto").ref_id(ref)
    query = query.datasource(PROMETHEUS).format(PromQueryFormat.TIME_SERIES)
    return query.instant() if instant else query.range()


def number(
    title: str,
    query: Builder[Dataquery],
    source: DataSourceRef,
    *,
    unit: str = "short",
    bad_from: float | None = None,
    good_from: float | None = None,
    description: str = "",
) -> stat.Panel:
    """One number, green or red where a bound is given."""
    colours = [Threshold(value=None, color="green" if good_from is None else "red")]
    if bad_from is not None:
        colours.append(Threshold(value=bad_from, color="red"))
    if good_from is not None:
        colours.append(Threshold(value=good_from, color="green"))
    return (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(source)
        .unit(unit)
        .thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(colours))
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(query)
        .height(4)
        .span(4)
    )


def curves(
    title: str,
    queries: list[Builder[Dataquery]],
    source: DataSourceRef,
    *,
    unit: str = "short",
    bars: bool = False,
    description: str = "",
    span: int = 12,
) -> timeseries.Panel:
    """Curves over time, or stacked bars."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(source)
        .unit(unit)
        .min(0)
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
    if bars:
        panel = panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    for query in queries:
        panel = panel.with_target(query)
    return panel


def rows(
    title: str, sql: str, *, units: dict[str, str] | None = None, description: str = "", span: int = 12
) -> table.Panel:
    """A table; `units` names Grafana's unit of a column."""
    panel = table.Panel().title(title).description(description).datasource(MYSQL).with_target(Sql(sql))
    for column, unit in (units or {}).items():
        panel = panel.override_by_name(column, [DynamicConfigValue(id_val="unit", value=unit)])
    return panel.height(9).span(span)


def shares(title: str, sql: str, *, description: str = "", span: int = 6) -> bargauge.Panel:
    """One bar for each row of (name, count)."""
    return (
        bargauge.Panel()
        .title(title)
        .description(description)
        .datasource(MYSQL)
        .orientation(VizOrientation.HORIZONTAL)
        .reduce_options(common.ReduceDataOptions().values(True).calcs([]).limit(25))
        .with_target(Sql(sql))
        .min(0)
        .height(8)
        .span(span)
    )


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
    choice: dashboard.QueryVariable,
    sections: dict[str, list[Panel]],
) -> dict[str, Any]:
    """The dashboard as Grafana imports it."""
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
        .with_variable(choice)
    )
    number_of = 0
    for section, panels in sections.items():
        board = board.with_row(dashboard.Row(section))
        for panel in panels:
            number_of += 1
            board = board.with_panel(panel.id(number_of))
    built: dict[str, Any] = json.loads(json.dumps(board.build(), cls=JSONEncoder))
    return built
