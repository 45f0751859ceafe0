"""A page of /metrics as it is read back."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sidecar.service.metrics.catalogue import Metrics
from sidecar.service.metrics.scrape import parse

BEFORE = """\
# TYPE takes counter
takes_total{emotion="happy",status="succeeded"} 2.0
takes_total{emotion="sad",status="succeeded"} 1.0
takes_total{emotion="sad \\"or\\" not",status="failed"} 4.0
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.1"} 5.0
wait_seconds_bucket{le="1.0"} 5.0
wait_seconds_bucket{le="+Inf"} 5.0
wait_seconds_count 5.0
"""
AFTER = BEFORE.replace('le="1.0"} 5.0', 'le="1.0"} 9.0').replace('le="+Inf"} 5.0', 'le="+Inf"} 10.0')


def test_samples_are_summed_by_their_labels() -> None:
    page = parse(BEFORE)
    assert page.total("takes_total") == 7
    assert page.total("takes_total", status="succeeded") == 3
    assert page.total("absent") == 0
    assert page.by("takes_total", "emotion") == {"happy": 2, "sad": 1, 'sad "or" not': 4}
    assert (page.text("takes_total", "emotion"), page.text("absent", "emotion")) == ("happy", "")


def test_a_quantile_is_of_what_came_since() -> None:
    assert parse(AFTER).quantile(0.5, "wait_seconds") == 0.1
    assert parse(AFTER).quantile(0.5, "wait_seconds", parse(BEFORE)) == 1.0
    assert parse(BEFORE).quantile(0.5, "wait_seconds", parse(BEFORE)) is None


@pytest.mark.parametrize("text", ["", "Connection refused", "<html>\n<p class='a'>no</p>\n</html>", 'a{b="c" 1'])
def test_another_programs_page_has_no_samples(text: str) -> None:
    assert list(parse(text).samples) == []


def test_what_the_metrics_page_says_is_read_as_it_was_meant() -> None:
    strange = 'a "quoted" {b="c"}, back\\slash\nand a second line'
    metrics = Metrics()
    metrics.identify(strange, "database")
    page = parse(metrics.exposition()[0].decode())
    assert page.text("sidecar_settings_info", "fingerprint") == strange
    families = text_string_to_metric_families(metrics.exposition()[0].decode())
    expected = {(each.name, *sorted(each.labels.items())) for family in families for each in family.samples}
    assert {(each.name, *sorted(each.labels.items())) for each in page.samples} == expected
