"""Who is taken for this machine, and how secrets are compared."""

from __future__ import annotations

import pytest

from sidecar.web.security import is_loopback, same_secret, session


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost", "LocalHost"])
def test_loopback_names_are_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "127.0.0.1.example.org"])
def test_other_names_are_not(host: str) -> None:
    assert not is_loopback(host)


def test_secrets_of_any_characters_can_be_compared() -> None:
    assert same_secret("密码", "密码")
    assert not same_secret("密码", "\ud800")


def test_a_session_depends_on_the_token_and_does_not_tell_it() -> None:
    assert session("token") == session("token") != session("token2")
    assert "token" not in session("token")
