# Everything from a fresh machine: git, make and Python 3.11 are enough. `make` alone tells what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
DEV := $(VENV)/.dev

# MYSQL=1 also tests on real MySQL, kept in a chroot outside the work tree; OCEANBASE=1 on OceanBase's one-node server.
# MARIADB=newer takes Debian unstable's MariaDB, in a chroot, in place of the machine's.
MYSQL ?= 0
MYSQL_ROOT ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/indextts-sidecar/mysql
OCEANBASE ?= 0
OCEANBASE_ROOT ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/indextts-sidecar/oceanbase
# BOOTED=1 boots a bare Debian with systemd and installs the service there.
BOOTED ?=
# The real code of two packages, in an environment of its own that takes 1.6 GB; ENGINES=0 leaves it out.
ENGINES ?= 1
ENGINES_ROOT ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/indextts-sidecar/engines
export MYSQL MYSQL_ROOT OCEANBASE OCEANBASE_ROOT BOOTED ENGINES ENGINES_ROOT
ifeq ($(MARIADB),newer)
export MARIADB_ROOT ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/indextts-sidecar/newer-mariadb
endif

# Further arguments for pytest, such as ARGS="-k position -x".
ARGS ?=
# Processes that share the tests, each with servers of its own.
JOBS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n > 4 ? 4 : n)))

# Tells every few seconds how far a long command is: ALIVE "what it does" command...
ALIVE := $(PYTHON) deploy/alive.py
PIP_INSTALL := $(RUN) -m pip install --progress-bar off --no-compile --editable
# Python 3.11 cannot start in the locale C where a .pth file names a path with other characters than ASCII.
RELATIVE := printf '../../../..\n' | tee $(VENV)/lib/python3.*/site-packages/_editable_impl_indextts_sidecar.pth >/dev/null

.PHONY: help
help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: venv
venv: $(READY) ## The environment that people use, in .venv
	@echo "ready: $(VENV)/bin/sidecar"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or newer is needed; name one by PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh tests/servers/get.sh venv
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "Nothing goes without Python's venv. As root: apt-get install python3-venv" >&2; exit 1; }
	@$(ALIVE) "Making the environment $(VENV)" $(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

# The stamp is as old as the last installation: a changed pyproject.toml installs again.
$(READY): pyproject.toml | $(VENV)/bin/python
	@$(RUN) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(ALIVE) "Installing what sidecar needs" $(PIP_INSTALL) .
	@$(RELATIVE)
	@touch $@

# What the report needs, and what tests, linters and benchmarks need besides.
$(DEV): $(READY)
	@$(ALIVE) "Installing what tests need" $(PIP_INSTALL) '.[report,proxy,score,dev]'
	@$(RELATIVE)
	@touch $@

.PHONY: unit
unit: $(DEV) ## Tests of single modules, in seconds: no server, no browser, no network
	@$(RUN) -m pytest -m "not slow" tests/unit $(ARGS)

.PHONY: check
check: lint unit ## Before each commit: lint, types and unit tests

.PHONY: test
test: $(DEV) ## All tests, on a private MariaDB (MYSQL=1: on real MySQL too, OCEANBASE=1: on OceanBase too)
	@sh tests/servers/get.sh $(if $(MARIADB_ROOT),,mariadb) chromium font bindfs prometheus systemd curl espeak $(if $(BOOTED),machine)
	@if [ -n "$(MARIADB_ROOT)" ]; then bash tests/servers/get-newer-mariadb.sh "$(MARIADB_ROOT)"; fi
	@if [ "$(MYSQL)" = 1 ]; then bash tests/servers/get-mysql.sh "$(MYSQL_ROOT)"; fi
	@if [ "$(OCEANBASE)" = 1 ]; then bash tests/servers/get-oceanbase.sh "$(OCEANBASE_ROOT)" $(RUN); fi
	@if [ "$(ENGINES)" != 0 ]; then sh tests/engines/get-engines.sh "$(ENGINES_ROOT)" $(RUN); fi
	@echo "Testing in $(JOBS) processes ..."
	@status=0; $(RUN) -m pytest --numprocesses $(JOBS) --dist worksteal $(ARGS) || status=$$?; \
	    if [ "$(MYSQL)" = 1 ]; then $(RUN) -m tests.servers.had_mysql; fi; \
	    exit $$status

# PEOPLE="root" or "user" for one of the two, MYSQL=1 for real MySQL there too, ENGINES=0 as above.
.PHONY: fresh
fresh: ## The README's commands on a bare Debian, as root and as a user who may install nothing
	@$(PYTHON) -m tests.fresh --people $(PEOPLE)

.PHONY: demo
demo: $(READY) ## A few syntheses by a stand-in engine, recorded, shipped and queried (DEMO_DIR=... to choose the folder)
	@$(RUN) deploy/demo/demo.py

.PHONY: bench
bench: $(DEV) ## How fast, beside its peers on the same server (SMALL=1 in a minute, MYSQL=1 on MySQL too, CASES="backlog ...")
	@sh tests/servers/get.sh mariadb
	@if [ "$(MYSQL)" = 1 ]; then bash tests/servers/get-mysql.sh "$(MYSQL_ROOT)"; fi
	@SMALL="$(SMALL)" CASES="$(CASES)" $(RUN) -m tests.benchmarks

# SMALL=1 takes three minutes; PEERS="sidecar,Sling" leaves the others out, LEGS="follow,kill" the other legs. The peers' programs,
# 400 MB, lie in a folder of their own.
RACE_ROOT ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/indextts-sidecar/race
.PHONY: race
race: $(DEV) ## The shipper beside rsyslog, syslog-ng, dlt, Sling and one INSERT a row, in 40 minutes (SMALL=1 in three)
	@sh tests/servers/get.sh mariadb dbd
	@sh tests/race/get-peers.sh "$(RACE_ROOT)" $(RUN)
	@SMALL="$(SMALL)" PEERS="$(PEERS)" LEGS="$(LEGS)" RACE_ROOT="$(RACE_ROOT)" $(RUN) -m tests.race

.PHONY: torture
torture: $(DEV) ## Break everything at random, then count (SHORT=1 in a minute, LONG=1 in an hour, CLUSTER=galera, group, replica or dump several servers, SEED=... for the same again)
ifneq ($(CLUSTER),)
	@if [ "$(CLUSTER)" = group ]; then bash tests/servers/get-mysql.sh "$(MYSQL_ROOT)"; \
	    elif [ "$(CLUSTER)" = galera ]; then sh tests/servers/get.sh galera; else sh tests/servers/get.sh mariadb mariadb-dump; fi
	@$(RUN) -m tests.operate.cluster $(CLUSTER) $(ARGS)
else
	@sh tests/servers/get.sh $(if $(MARIADB_ROOT),,mariadb) faketime
	@if [ -n "$(MARIADB_ROOT)" ]; then bash tests/servers/get-newer-mariadb.sh "$(MARIADB_ROOT)"; fi
	@bash tests/servers/get-mysql.sh "$(MYSQL_ROOT)"
	@if [ "$(OCEANBASE)" = 1 ]; then bash tests/servers/get-oceanbase.sh "$(OCEANBASE_ROOT)" $(RUN); fi
	@sh tests/torture/get-atheris.sh $(RUN)
	@$(RUN) -m tests.torture --form $(if $(SHORT),short,$(if $(LONG),long,normal)) $(if $(SEED),--seed $(SEED)) $(ARGS)
endif

.PHONY: lint
lint: $(DEV) ## ruff and mypy --strict over everything
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy
	@$(RUN) -m mypy --platform win32 indextts_patch sidecar

.PHONY: hooks
hooks: $(DEV) ## Let git run `make check` before each commit
	@$(RUN) -m pre_commit install

.PHONY: docs
docs: $(DEV) ## Write the reference, sidecar/README.md, and the table of engines from the code
	@$(RUN) -m tests.unit.reference
	@$(RUN) -m tests.unit.engines
	@$(RUN) deploy/generate.py

WATCH_DIR ?=
DATABASE_URL ?=
.PHONY: install
install: ## Install the systemd service: sudo make install WATCH_DIR=/srv/index-tts/outputs (see deploy/README.md)
	@bash deploy/install.sh $(if $(WATCH_DIR),--watch-dir "$(WATCH_DIR)") $(if $(DATABASE_URL),--database-url "$(DATABASE_URL)")

.PHONY: uninstall
uninstall: ## Take the service away; settings and data stay
	@bash deploy/install.sh --uninstall

PICTURES ?=
.PHONY: pictures
pictures: $(DEV) ## Take the pictures of README.md anew, of the real programs (PICTURES=... for another folder)
	@sh tests/servers/get.sh mariadb chromium font faketime
	@$(RUN) -m tests.pictures $(PICTURES)

.PHONY: dist
dist: $(DEV) ## Build wheels and source archives of both distributions into dist/
	@rm -rf dist
	@$(RUN) -m uv build --quiet --out-dir dist .
	@$(RUN) -m uv build --quiet --out-dir dist indextts_patch
	@ls dist

# What `install.sh --with NAME` adds is a file of its own: what the service needs without it is in requirements.lock.
LOCK := -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url
.PHONY: lock
lock: $(DEV) ## Pin and hash the service's environment anew (deploy/requirements*.lock)
	@$(RUN) $(LOCK) --output-file deploy/requirements.lock pyproject.toml
	@for extra in proxy score; do \
	    $(RUN) $(LOCK) --extra $$extra --constraint deploy/requirements.lock \
	        $$(sed -n 's/^\([a-z0-9.-]*\)==.*/--no-emit-package \1/p' deploy/requirements.lock) \
	        --output-file deploy/requirements-$$extra.lock pyproject.toml; \
	done

.PHONY: clean
clean: ## Remove the environment and caches; never outputs or databases
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
