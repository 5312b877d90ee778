# Each target does its own set-up (setup.sh): on a fresh Debian or Ubuntu machine `make demo` and
# `make test` are all that is needed. Generated files go to out/ and docs/_build/.

VENV ?= .venv
export VENV
PYTHON_HERE = $(VENV)/bin/python
MRAMCIM = $(VENV)/bin/mramcim
# ngspice gains nothing from more threads at these sizes; processes are what runs in parallel.
export OMP_THREAD_LIMIT = 1

.DEFAULT_GOAL = help
.NOTPARALLEL:
.PHONY: help demo test test-all check format bench docs clean

help:  ## tell the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

demo:  ## set up, then the main job: a small table in ngspice, AlexNet estimated on it
	@./setup.sh core
	@mkdir -p out
	$(MRAMCIM) characterize --quick -o out/demo.h5
	$(MRAMCIM) lut info out/demo.h5
	$(MRAMCIM) simulate and2 --plot out/and2.png
	$(MRAMCIM) estimate alexnet --lut out/demo.h5 --weights 1 --activations 4 \
	    --csv out/alexnet.csv --plot out/alexnet.png
	@echo "pictures: out/and2.png (waveforms of an AND), out/alexnet.png (energy by component)"

test:  ## set up, then all tests but the slow ones
	@./setup.sh test
	$(PYTHON_HERE) -m pytest -n auto --dist loadfile -m "not slow"

test-all:  ## set up, then all tests, the slow ones and those of training too
	@./setup.sh train
	$(PYTHON_HERE) -m pytest -n auto --dist loadfile

check:  ## formatting, lint, types, direction of imports
	@./setup.sh check
	$(PYTHON_HERE) -m ruff format --check .
	$(PYTHON_HERE) -m ruff check .
	$(PYTHON_HERE) -m mypy
	$(VENV)/bin/lint-imports

format:  ## rewrite the files as `make check` wants them
	@./setup.sh check
	$(PYTHON_HERE) -m ruff format .
	$(PYTHON_HERE) -m ruff check --fix .

bench:  ## run every benchmark (some compare with packages that the tests install)
	@./setup.sh test
	@mkdir -p out
	@set -e; for file in $$(grep -l __main__ benchmarks/*.py); do \
	    echo "== $$file"; $(PYTHON_HERE) "$$file"; done

docs:  ## build the documentation into docs/_build, links checked
	@./setup.sh docs
	$(PYTHON_HERE) -m sphinx -W --keep-going -q -b html docs docs/_build
	@echo "documentation: docs/_build/index.html"

clean:  ## remove what was generated, not the virtual environment
	rm -rf out docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
