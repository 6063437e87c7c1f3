"""A record that is missing or damaged says how to get it back."""

import pytest

from helpers import recorded
from helpers.data import DataError
from helpers.recorded import load_record


def test_missing_and_damaged_records_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded, "RECORDS", tmp_path)
    with pytest.raises(DataError, match=r"x.json is missing: .* it back, and"):
        load_record("x")
    (tmp_path / "x.json").write_text('{"rows": [', encoding="utf-8")
    with pytest.raises(DataError, match=r"x.json is damaged"):
        load_record("x")
