"""No test reads or fills the user's store of results."""

import pytest


@pytest.fixture(scope="session")
def shared_store(tmp_path_factory):
    """A store for all of this session's tests, in parallel processes too, that ask for it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / "shared-store"
    folder.mkdir(exist_ok=True)
    return folder


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
