"""The mark of tests that take longer than about five seconds."""


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes longer than about five seconds")
