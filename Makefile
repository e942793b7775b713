# Everything a newcomer needs: python3.11 or newer, git and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
GRAFANA := .venv-grafana/.ready

.PHONY: demo test check bench soak docs picture clean lock

demo: $(READY)  ## thirty simulated homes, real MQTT, real decisions, real texts
	$(BIN)/menshen demo $(ARGS)

test: $(READY)  ## every test this machine can run; says what it skipped and why
	$(BIN)/python -m pytest $(ARGS)

check: $(READY)  ## style, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)  ## how fast, as ratios to something measured in the same run
	$(BIN)/python -m benchmarks $(ARGS)

soak: $(READY)  ## the faults of tests/fault, long
	$(BIN)/python -m tests.fault.soak $(ARGS)

$(READY): requirements/locked.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Menshen needs Python 3.11 or newer; name one with: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/locked.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(GRAFANA): $(READY) requirements/grafana.txt  # the library for a remote Grafana, apart: it replaces urllib3
	$(PYTHON) -m venv .venv-grafana
	.venv-grafana/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/grafana.txt
	$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' > $$(.venv-grafana/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/menshen.pth
	touch $@

docs: $(READY)  ## write anew what is generated from the code
	$(BIN)/python docs/generate.py
	$(BIN)/menshen grafana write grafana

picture: $(READY)  ## record the README's picture (needs Chromium)
	$(BIN)/python docs/record_picture.py

lock:  ## resolve the dependencies anew (maintainers; needs pip-tools)
	pip-compile --quiet --generate-hashes --extra dev --extra sim --extra embedded --extra tencent --extra aliyun --extra push --extra pi --strip-extras --no-emit-index-url --no-emit-find-links --allow-unsafe --output-file requirements/locked.txt pyproject.toml
	echo 'grafana-client>=5.1,<6' | pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --allow-unsafe --output-file requirements/grafana.txt -

clean:
	rm -rf .venv .venv-grafana build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
