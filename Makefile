# `make demo`, `make test`, `make harness`, `make docs`, `make dist`, `make pytabkit`: each does all its own set-up in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FLOORS := .venv-floors
PYTABKIT := .venv-pytabkit
ALONE := .venv-dist
DOCS_READY := $(VENV)/.docs-ready

.PHONY: demo test harness lint slow floors docs dist pytabkit clean

# products this small are no faster on several threads, and far slower on a busy machine
demo: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m skdropout report bike_sharing --target cnt --quick -o demo/report.html

# in one thread each, as the two workers have a core each
test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

# goes on from .harness/ where it was interrupted; --fresh starts anew
harness: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.harness

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright

slow: $(READY)
	$(BIN)/python -m pytest -n 2 -m slow

# the lowest versions that pyproject.toml allows, among which old releases may be warned of by new
# ones beside them; torch of that age brings CUDA along on Linux, some 6 GB
floors: $(FLOORS)/.ready
	$(FLOORS)/bin/python -m pytest -n 2 -W ignore::DeprecationWarning

$(FLOORS)/.ready: pyproject.toml
	rm -rf $(FLOORS)
	$(PYTHON) -m venv $(FLOORS)
	$(FLOORS)/bin/python -m pip install --quiet -c constraints.txt uv
	$(FLOORS)/bin/uv pip install --quiet --python $(FLOORS)/bin/python \
		--resolution lowest-direct -e ".[dev]"
	touch $(FLOORS)/.ready

# the examples run while the pages are built, so this takes some minutes
docs: $(DOCS_READY)
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

$(DOCS_READY): $(READY)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[docs]"
	touch $(DOCS_READY)

# the wheel and the source archive; then the wheel in an environment with what it asks for alone
dist: $(READY)
	rm -rf dist $(ALONE)
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python -m twine check --strict dist/*
	$(PYTHON) -m venv $(ALONE)
	$(ALONE)/bin/python -m pip install --quiet -c constraints.txt torch
	$(ALONE)/bin/python -m pip install --quiet -c constraints.txt dist/*.whl
	cd dist && ../$(ALONE)/bin/skdropout --version
	cd dist && OMP_NUM_THREADS=1 ../$(ALONE)/bin/python -c "from skdropout import DropoutMLPRegressor as M; \
		from skdropout.datasets import make_pure_interaction as make; \
		X, y = make(200, n_features=3, random_state=0); print(M().fit(X, y).predict(X[:1]))"

# RealMLP-TD and TabM on the first split; DATA=FOLDER gives tables that no public server has
pytabkit: $(PYTABKIT)/.ready
	OMP_NUM_THREADS=1 $(PYTABKIT)/bin/python benchmarks/tabular.py --models RealMLP-TD TabM \
		--seeds 1 $(if $(DATA),--data-dir $(DATA))

# they bring much along that nothing else needs, so they have an environment of their own
$(PYTABKIT)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(PYTABKIT)
	$(PYTABKIT)/bin/python -m pip install --quiet -c constraints.txt torch
	$(PYTABKIT)/bin/python -m pip install --quiet -c constraints.txt -e . "pytabkit[models]"
	touch $(PYTABKIT)/.ready

# torch first and by its pin, so that nothing else pulls in another build of it
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $(READY)

clean:
	rm -rf $(VENV) $(FLOORS) $(PYTABKIT) $(ALONE) .harness build dist *.egg-info .pytest_cache .ruff_cache
	rm -rf docs/_build docs/_generated docs/auto_examples docs/sg_execution_times.rst
