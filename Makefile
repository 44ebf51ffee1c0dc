# make demo   sets everything up and runs the main job on the embedded sandbox
# make test   ruff, mypy and the suite; PYTHON=python3.13 does it on that Python
# make full   the cells of tables of tests that make test leaves out, which CI runs as well
# make coverage the floors of coverage, by the tests of each room, which CI runs after make test
# make bench  the performance numbers, as ratios taken side by side
# make docs   rewrites the output that the documentation shows (PAGE=README.md for one page)
# make floors the suite on the oldest dependencies that setup.cfg allows
# make mutants small faults put into the core, to see a test fail for each (ONLY=places for some, or
#              its options: python -m tests.mutation --help); some hours, and Python 3.11
# make fuzz   the readers of foreign text on EXAMPLES damaged ones each (5000), and the guard
#              against an adversary in as many runs; then the laws on 200 each

PYTHON ?= python3
BIN := .venv/bin
TOOLS := .venv/.tools

# Asked for by name, another Python than the one of .venv has .venv made again.
ifneq ($(filter command% environment%,$(origin PYTHON)),)
ifneq ($(shell $(PYTHON) -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])'),$(shell sed -n 's/^version = //p' .venv/pyvenv.cfg 2>/dev/null))
ANOTHER := another-python
endif
endif

# The tests that show what the suite runs of each room; the other folders ask about the whole.
# Completion runs in real shells, which do not wait for a command that is traced.
TRACED := api batch cli documents editor files guard impact mcp operations plan promises render \
	resources sandbox test_backoff.py test_claims.py test_disk.py test_errors.py test_journal.py

# The suite makes and removes 40 000 small files, which takes a disk a tenth of its time: in memory
# where there are 2 GB for them, and programs can be started from there. Those of the last run stay
# for a look at them (90 MB). Three processes for two cores, since many tests wait for another one.
MEMORY := $(if $(TMPDIR),,$(shell df -Pk /dev/shm 2>/dev/null | awk '$$4 > 2000000 { print $$6 }' \
	| grep -qx /dev/shm && ! grep -q '^[^ ]* /dev/shm .*noexec' /proc/mounts && echo TMPDIR=/dev/shm))
PYTEST := $(MEMORY) $(BIN)/python -m pytest -n 3 --dist worksteal

# Where this is set, each of the processes that the tests start compiles the whole package.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: another-python demo test lint types check full coverage bench docs floors fuzz mutants clean
.DEFAULT_GOAL := test

.venv/.installed: setup.cfg pyproject.toml patcher/_version.py $(ANOTHER)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "patch-model needs Python 3.10 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(if $(ANOTHER),--clear) .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[sandbox]'
	@touch $@

$(TOOLS): .venv/.installed tests/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt
	@touch $@

demo: .venv/.installed
	@$(BIN)/patch-model demo

test: lint types check

lint: $(TOOLS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(TOOLS)
	$(BIN)/mypy

check: $(TOOLS)
	$(PYTEST)

full: $(TOOLS)
	$(PYTEST) -m full

coverage: $(TOOLS)
	$(PYTEST) -m "not full and not hypothesis" $(addprefix tests/,$(TRACED)) \
		--ignore=tests/cli/test_completion.py --cov --cov-report=term --cov-report=json:.coverage.json
	$(BIN)/python tests/coverage_floors.py .coverage.json

bench: $(TOOLS)
	$(BIN)/python -m tests.bench

docs: $(TOOLS)
	$(BIN)/python -m tests.docs $(PAGE)

floors:
	$(PYTHON) tests/floors.py

fuzz: $(TOOLS)
	$(BIN)/python -m pytest tests/fuzz -n 2 --hypothesis-profile=fuzz
	$(BIN)/python -m pytest tests -n 2 -m hypothesis --ignore=tests/fuzz \
		--hypothesis-profile=laws

mutants: $(TOOLS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement tests/mutation-requirements.txt
	$(BIN)/python -m tests.mutation $(ONLY)

clean:
	rm -rf .venv .venv-floors build *.egg-info .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .mutants.*
