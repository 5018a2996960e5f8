# Start here: make run
SHELL := /bin/bash
.DEFAULT_GOAL := help
bootstrap := api/runtime/bootstrap.sh
bin := .venv/bin
compile := $(bin)/uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-header \
  --no-annotate --no-emit-index-url --quiet
node := PATH="$(CURDIR)/$(bin):$$PATH" node

.PHONY: help run serve test check format bench soak lock clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## install what is missing and serve the demo town on http://127.0.0.1:8000
	@$(bootstrap) run
	@exec $(bin)/onegrid up --bound

serve: ## the same for a real town: settings in docs/operations.md
	@$(bootstrap) run
	@exec $(bin)/onegrid up --serve --bound

test: ## install what the tests need and run all of them
	@$(bootstrap) test
	@tests/side_by_side --durations 25 --durations-min 5
	@files=$$(find tests/js -name '*.test.mjs' -o -name '*.test.js' 2>/dev/null | sort); \
	  [[ -z $$files ]] || $(node) --test $$files

check: ## lint, format, types, architecture
	@$(bootstrap) test
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy gis data layers webmap api
	$(bin)/lint-imports
	@[[ ! -e webmap/tsconfig.json ]] || { echo tsc; $(node) webmap/node_modules/typescript/bin/tsc --project webmap/tsconfig.json; }

format: ## lay out the code as make check wants it
	@$(bootstrap) test
	$(bin)/ruff check --fix-only --quiet .
	$(bin)/ruff format .

bench: ## run the benchmarks; writes bench/results.json
	@$(bootstrap) test
	$(bin)/python -m bench

soak: ## a long run with faults
	@$(bootstrap) test
	$(bin)/python -m pytest tests/layers/incident/test_loop_model.py --hypothesis-profile soak --timeout 0
	ONEGRID_SOAK=1 $(bin)/python -m pytest tests/browser/test_planner_long.py
	$(bin)/python -m bench.soak

lock: ## renew the lock files from pyproject.toml and webmap/package.json
	@$(bootstrap) test
	@$(compile) --upgrade --output-file api/runtime/requirements.lock
	@$(compile) --group dev --constraint api/runtime/requirements.lock --output-file api/runtime/requirements-dev.lock
	@cd webmap && [[ ! -e package.json ]] || PATH="$(CURDIR)/$(bin):$$PATH" npm install --package-lock-only --omit-lockfile-registry-resolved

clean: ## stop what runs and remove everything that was made here, the demo database too
	@[[ ! -x $(bin)/onegrid ]] || $(bin)/onegrid db reset --remove --yes
	rm -rf .onegrid .venv webmap/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
