"""Tests; a package, so that test support such as tests.servers can be imported by scripts as well."""
