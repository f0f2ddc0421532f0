# `make` alone lists the targets. Everything happens in .venv (test-light: in .venv-light); nothing
# else is installed.

# The first of these that starts; 3.11 is what is tested most, and has onnx-tf.
PYTHON ?= $(firstword $(shell for name in python3.11 python3.12; do \
  $$name -c "" 2> /dev/null && echo $$name; done; true) python3.11)
BIN := .venv/bin
INSTALLED := .venv/installed
DEMO_INSTALLED := .venv/installed-for-the-demo
CODE := sigfix tests examples
# The tests run two parts at a time, the longest first: most of the time is TensorFlow's.
PARTS := importing repairing pipeline verifying cli printed classes exporting keras_zoo optimising planting reading fuzzing \
  doc_commands page ocr documents web_kernels by_hand brought matrix training describing diagnosis planning rendering
IN_TURN := --no-print-directory --jobs 2 --output-sync=target --keep-going
# What runs TensorFlow, whose kernels for a processor are of two sets (docs/machines.md).
KERNEL_TESTS := $(addprefix tests/,importing pipeline verifying cli repairing optimising exporting \
  test_demo.py test_readme.py)
# What make test-light runs: tests that need none of the heavy packages (tests/test_light.py).
LIGHT := tests/reading tests/describing tests/diagnosis tests/planning tests/rendering tests/test_architecture.py
LIGHT_BIN := .venv-light/bin
# With the packages of stores, which pin one another and so are beside nothing else.
STORES_BIN := .venv-stores/bin
# How packages are installed into the environment of a folder: by uv where it is there (it takes a
# third of the time), by pip where uv is not, or cannot: it does not read pip's configuration.
UV := $(shell command -v uv)
comma := ,
define install
$(if $(UV),$(UV) pip install --quiet --python $(1)/python $(2) || )$(1)/python -m pip install \
  --quiet --disable-pip-version-check $(2)
endef
# An index of PyTorch's builds for processors alone, if one can be reached: 2.4 GB less to
# download, 4 GB less on the disk.
TORCH_INDEX ?=
LIGHT_INSTALLED := .venv-light/installed-with-$(notdir $(PYTHON))
# Of make fuzz: how many hostile models are tried, which (another seed makes others), and how long
# random networks are sent through the graph passes.
INPUTS ?= 50000
SEED ?= 0
FUZZ_SECONDS ?= 1800

.PHONY: always help venv demo test run/tests test-light test-stores test-kernels matrix fuzz bench lint format \
  docs release clean

help:
	@echo "make demo     convert a docTR model to TensorFlow.js and read words with it"
	@echo "make test-light  run those that need no TensorFlow: 170 MB, a minute, any Python from 3.10 on"
	@echo "make test     run the tests"
	@echo "make test-stores  run those of s3://, gs:// and hf:// with the packages of these stores"
	@echo "make test-kernels  run those that run TensorFlow (for TF_ENABLE_ONEDNN_OPTS=0, =1)"
	@echo "make lint     check style and types"
	@echo "make format   put the code into that style"
	@echo "make bench    measure speed, as ratios, and write docs/speed.md"
	@echo "make matrix   measure every docTR preset (docs/matrix.md) and run the long tests"
	@echo "make fuzz     hostile models (INPUTS=50000 SEED=0), random networks (FUZZ_SECONDS=1800)"
	@echo "make docs     build the documentation as a site, in site/"
	@echo "make release  build the wheel and the sdist into dist/, and check them"
	@echo "make venv     make .venv with the tested versions (the others do it by themselves)"
	@echo "make clean    remove .venv, .venv-light, .venv-stores, .venv-docs, .matrix, demo/ and site/"
	@echo
	@echo "Python 3.11 or 3.12 is needed: $(PYTHON), or make PYTHON=/path/to/python3.12"
	@echo "(test-light takes another one too: make test-light PYTHON=python3.13)"

venv: $(INSTALLED)

# A new environment for what a line below it installs, or the one that is there.
define environment
@command -v $(PYTHON) > /dev/null || { \
  echo "$(PYTHON) was not found. Install Python 3.11 or 3.12, or name it: make PYTHON=/path/to/python3.12"; \
  exit 1; } >&2
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' || { \
  echo "$(PYTHON) does not start, or is neither Python 3.11 nor 3.12, the two that have all of sigfix's packages."; \
  echo "Install one of them, or name it: make PYTHON=/path/to/python3.12"; exit 1; } >&2
@$(PYTHON) -c 'import ensurepip, venv' || { \
  echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu: apt install python3-venv"; \
  exit 1; } >&2
$(PYTHON) -m venv .venv
endef
define opencv
@$(BIN)/python -c 'import cv2' || { \
  echo "OpenCV, which docTR uses, lacks a system library. On Debian or Ubuntu: apt install libgl1 libglib2.0-0"; \
  exit 1; } >&2
endef
TORCH := $(addprefix --extra-index-url ,$(TORCH_INDEX)) -c constraints.txt

# Made again when the dependencies change; not finished until the last line.
$(INSTALLED): pyproject.toml constraints.txt
	$(environment)
	@echo "Installing the tested environment into .venv: 4.2 GB to download, 9 GB on the disk, a few minutes."
	$(call install,$(BIN),$(TORCH) -e '.[all$(comma)dev$(comma)exporters]')
	$(opencv)
	@touch $@

# What the demo needs of it, in the same place: make venv adds the rest.
$(DEMO_INSTALLED): pyproject.toml constraints.txt
	$(environment)
	@echo "Installing what the demo needs into .venv: 4.1 GB to download, 9 GB on the disk, a few minutes."
	$(call install,$(BIN),$(TORCH) -e '.[tfjs$(comma)doctr$(comma)verify]')
	$(opencv)
	@touch $@

# The newest versions that pyproject.toml allows, whereas constraints.txt is for Python 3.11.
$(LIGHT_INSTALLED): pyproject.toml
	@command -v $(PYTHON) > /dev/null || { \
	  echo "$(PYTHON) was not found. Name another: make test-light PYTHON=python3.13"; exit 1; } >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "$(PYTHON) does not start, or is older than Python 3.10."; \
	  echo "Name another: make test-light PYTHON=python3.13"; exit 1; } >&2
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu: apt install python3-venv"; \
	  exit 1; } >&2
	$(PYTHON) -m venv --clear .venv-light
	$(call install,$(LIGHT_BIN),-e '.[checksums$(comma)dev]')
	@touch $@

demo: $(if $(wildcard $(INSTALLED)),$(INSTALLED),$(DEMO_INSTALLED))
	rm -rf demo
	$(BIN)/python examples/demo.py demo

test-light: $(LIGHT_INSTALLED)
	$(LIGHT_BIN)/python -m pytest -m "not matrix" $(LIGHT)

test-stores:
	$(PYTHON) -m venv .venv-stores
	$(call install,$(STORES_BIN),-e '.[remote$(comma)dev]')
	$(STORES_BIN)/python -m pytest tests/reading/test_stores.py tests/reading/test_remote.py \
	  tests/reading/test_remote_walking.py tests/doc_commands/test_in_stores.py

test: $(INSTALLED)
	@$(MAKE) $(IN_TURN) run/tests $(addprefix run/tests/,$(PARTS))

test-kernels: $(INSTALLED)
	@$(MAKE) $(IN_TURN) $(addprefix run/,$(KERNEL_TESTS))

run/tests: $(INSTALLED)
	$(BIN)/python -m pytest -m "not matrix" tests/test_*.py

run/%: $(INSTALLED) always
	$(BIN)/python -m pytest -m "not matrix" $*

matrix: $(INSTALLED)
	$(BIN)/python -m tests.matrix
	$(BIN)/python -m pytest -m matrix

fuzz: $(INSTALLED)
	SIGFIX_FUZZ_INPUTS=$(INPUTS) SIGFIX_FUZZ_SEED=$(SEED) $(BIN)/python -m pytest -s tests/fuzzing
	@$(BIN)/python -c 'import atheris' 2> /dev/null || $(BIN)/python -m pip install --quiet atheris || \
	  echo "atheris is not there and cannot be installed: no fuzzing is guided by coverage." >&2
	@! $(BIN)/python -c 'import atheris' 2> /dev/null || \
	  $(BIN)/python -m tests.fuzzing.guided -max_total_time=180
	$(BIN)/python -m tests.fuzzing.networks --seconds $(FUZZ_SECONDS)

bench: $(INSTALLED)
	$(BIN)/python -m tests.bench.kernels
	$(BIN)/python -m tests.bench.threads
	$(BIN)/python -m tests.bench --write

lint: $(INSTALLED)
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy

format: $(INSTALLED)
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

docs:
	$(PYTHON) -m venv .venv-docs
	$(call install,.venv-docs/bin,"$$(sed -n 's/^docs = \["\(.*\)"\]$$/\1/p' pyproject.toml)")
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/python -m mkdocs build --strict -f .mkdocs.yml -d site

release: $(INSTALLED)
	$(BIN)/python -m tests.tools.release dist

clean:
	rm -rf .venv .venv-light .venv-stores .venv-docs .matrix demo site
