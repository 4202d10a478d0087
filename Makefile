# make demo: the console on a sample desk (TICKETS=1000000: with so many more tickets).  make test: every test.  make quick: what a change most likely broke.  make soak: faults for longer.  Nothing else has to be installed by hand.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test quick soak check bench screenshots requirements clean

demo: .venv/.console
	$(BIN)/cs-console demo $(if $(TICKETS),--tickets $(TICKETS))

# Three at a time on two cores: one of them is mostly waiting for a process that it killed, a terminal or a clock.
# test_forgetting.py walks everything that its process holds: slow work among what 3,000 other tests leave there.
test: .venv/.everything
	$(BIN)/pytest -n 3 --ignore tests/screens/test_forgetting.py
	$(BIN)/pytest -n 2 tests/screens/test_forgetting.py

# One test for each promise that all else rests on, and those nearest to what differs from main: 90 seconds at most.
quick: .venv/.everything
	$(BIN)/lint-imports
	$(BIN)/python -m tests.quick

# The same kinds of faults as in `make test`, as often as docs/assurance.md says, and an hour of random walks over a terminal;
# a line of counters for each suite.
soak: .venv/.everything
	CS_SOAK_ROUNDS=full $(BIN)/pytest -n 2 tests/faults tests/backups tests/custody/test_key_interleavings.py

check: .venv/.everything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

bench: .venv/.everything
	@for name in start queue search reveal log intake redaction team keys memory; do $(BIN)/python -m benchmarks $$name --json || exit 1; done

screenshots: .venv/.everything
	$(BIN)/python -m docs.screenshots

# Everything is pinned with hashes; the project itself is then added without touching the network.
.venv/.console: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

.venv/.everything: requirements-dev.txt .venv/.console
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	touch $@

# Pin again after a change of the dependencies in pyproject.toml.
requirements: .venv/.everything
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --upgrade --quiet -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --group build --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
