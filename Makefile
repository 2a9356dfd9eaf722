# Everything runs in .venv, which these targets make themselves from any Python 3.11 or 3.12.
PYTHON ?= $(shell for p in python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: setup demo test servers test-servers soak lint clean

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed; install one or set PYTHON=/path/to/python3.12"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --compile-bytecode -e '.[dev]'
	@touch $@

demo: $(INSTALLED)
	$(BIN)/reel-pipeline demo $(if $(ONCE),--once)

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check reel_pipeline reel_pipeline_tests
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest -m "not slow and not servers"

# The tests start these servers themselves, on loopback and on free ports; only the programs have to be there.
SERVERS := postgresql radosgw ceph-mon ceph-osd
SERVERS_PRESENT := ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 && which radosgw ceph-mon ceph-osd ceph >/dev/null

servers:
	@$(SERVERS_PRESENT) || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || \
		{ echo "Install the servers first: sudo apt-get install --no-install-recommends $(SERVERS)"; exit 2; }
	@$(SERVERS_PRESENT) || { apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SERVERS); }

test-servers: $(INSTALLED) servers
	REEL_REQUIRE=postgres,radosgw $(BIN)/pytest -m "servers and not slow"

soak: $(INSTALLED) servers
	REEL_REQUIRE=postgres,radosgw $(BIN)/pytest -m slow

clean:
	rm -rf .venv data/store
