import pytest

from t2l.base.progress import Progress, spoken_time


def test_progress_in_a_log_says_how_much_is_left(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    minutes = iter(range(0, 6000, 60))
    progress = Progress(100, 0, "sft", clock=lambda: next(minutes))
    progress.advance(10, loss="2.5")
    assert "sft: step 10 of 100, loss 2.5" in caplog.text
    assert "left" in caplog.text


def test_durations_are_said_as_people_say_them() -> None:
    assert spoken_time(12_000) == "3 h 20 min"
    assert spoken_time(150) == "2 min" and spoken_time(7) == "7 s"
