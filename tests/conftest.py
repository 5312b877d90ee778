"""No test reads or fills the user's store of results."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def _not_the_users_store(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MRAMCIM_CACHE", str(tmp_path_factory.mktemp("store")))
        yield


@pytest.fixture
def own_store(tmp_path_factory, monkeypatch):
    """A store that only this test has."""
    folder = tmp_path_factory.mktemp("own-store")
    monkeypatch.setenv("MRAMCIM_CACHE", str(folder))
    return folder
