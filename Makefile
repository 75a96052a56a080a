# make demo · demo-docker · test · test-docker · test-browser · test-terraform · test-slow · check · console · serve · bench · bad-input · docs.  Needs Python 3.11 to 3.13, make and a package index.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
PROTOCOL_CASES = .cache/ready
BROWSER = $(VENV)/.browser

.PHONY: console demo demo-docker test test-docker test-browser test-terraform test-slow check serve bench bench-docker bad-input docs lock wheel clean

demo: $(READY)
	$(BIN)/python demo/story.py

# The same with the job in a container; both need a machine where a Docker daemon may be started, and start their own.
demo-docker: $(READY)
	scripts/install_docker.sh
	PYTHONPATH=campaigns:demo $(BIN)/python demo/docker_story.py

test-docker: $(READY) $(PROTOCOL_CASES)
	scripts/install_docker.sh
	$(BIN)/python -m pytest -n 2 -m docker --timeout 600 -W ignore::pytest.PytestUnraisableExceptionWarning

test: $(READY) $(PROTOCOL_CASES)
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-browser: $(READY) $(PROTOCOL_CASES) $(BROWSER)
	$(BIN)/python scripts/build_console.py --test
	$(BIN)/python -m pytest -n 0 -m browser --timeout 180

# Terraform waits more than it works: four modules at once, so that two cores have something to do.
test-terraform: $(READY)
	$(BIN)/python -m pytest -n 3 -m terraform

test-slow: $(READY) $(PROTOCOL_CASES)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow --timeout 900

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/write_docs.py --check
	$(BIN)/python scripts/generate_documented_defaults.py --check

# The console is built where its sources are newer; without Node the server says how.
console: $(READY)
	$(BIN)/python scripts/build_console.py

serve: $(READY)
	-$(BIN)/python scripts/build_console.py
	$(BIN)/batchyard serve

bench: $(READY)
	$(BIN)/python benchmarks/run.py

bench-docker: $(READY)
	scripts/install_docker.sh
	PYTHONPATH=campaigns $(BIN)/python benchmarks/docker_jobs.py

# Generated requests against a served process; SEED=… repeats a run.
bad-input: $(READY)
	$(BIN)/python campaigns/input/run.py --count $(or $(COUNT),1000000) $(if $(SEED),--seed $(SEED))

docs: $(READY)
	$(BIN)/python scripts/generate_documented_defaults.py
	$(BIN)/python scripts/write_docs.py
	$(BIN)/python scripts/shares_picture.py

# The wheel, installed in an empty environment elsewhere, starts and answers.
wheel: $(READY)
	rm -rf dist
	$(BIN)/python -m build --quiet --wheel
	$(PYTHON) scripts/try_wheel.py

# The versions that development and CI use; pyproject.toml has the bounds.
lock:
	$(PYTHON) scripts/write_lock.py

$(READY): pyproject.toml requirements-dev.lock
	[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

# Playwright drives the machine's own Chromium; it brings none.
$(BROWSER): $(READY) requirements-browser.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-browser.lock
	touch $@

# botocore's protocol cases and signature vectors travel in its source distribution only: fetched, never committed.
$(PROTOCOL_CASES): requirements-dev.lock scripts/fetch_protocol_cases.py
	$(MAKE) $(READY)
	$(BIN)/python scripts/fetch_protocol_cases.py
	touch $@

clean:
	rm -rf $(VENV) .cache
