"""What all tests share: one thread of linear algebra each, and no clock in the property tests."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # many more are slower on few cores


def pytest_configure() -> None:
    """A busy machine is no failure: property tests have no deadline."""
    from hypothesis import HealthCheck, settings

    settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("calm")


def pytest_terminal_summary(terminalreporter) -> None:
    """Print what tests count, such as how many damaged files were refused, from every process."""
    for report in terminalreporter.getreports("passed"):
        for what, counted in report.user_properties:
            terminalreporter.write_line(f"{what}: {counted}")
