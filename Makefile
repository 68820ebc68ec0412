# The commands of the repository. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
SCALE ?=
CLUSTER ?= 1
SEEDS ?= 1000
PACKAGES := $(wildcard contracts chassis services mk ops bench)
IMAGES := edge contacts tickets notifier feedback mk
EXTRAS := $(IMAGES) tracing ops embedded dev
LOCK := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes

# Addresses that are given would be used instead.
ON_CONTAINERS := env -u AMQP_URL -u MONGO_URL TEST_INFRA=containers

.PHONY: help run demo test test-large test-containers test-compose fuzz check hooks bench chaos simulate overload upgrade secrets lock audit sbom licences scaling screens clean broker prometheus chromium

help: ## List the commands, by who needs them
	@for who in newcomer developer SRE release; do \
		printf '\n%s\n' "$$who"; \
		grep -hE "^[a-z-]+:.*## $$who: " Makefile | sed -E "s/^([a-z-]+):.*## $$who: /  \\1\t/" | expand -t 19; \
	done

run: $(READY) broker ## newcomer: Run the whole product here, until Ctrl-C; SCALE="notifier=3 tickets=2" for replicas, CLUSTER=3 for a cluster
	@exec $(BIN)/atendo up --scale "$(SCALE)" --cluster "$(CLUSTER)"

demo: $(READY) ## newcomer: Play a whole day at the provider, against a running product
	@$(BIN)/python -m ops.demo

test: $(READY) prometheus chromium ## newcomer: Run every test on a real broker and database; TEST_INFRA=embedded, containers or auto
	@$(BIN)/python -m tests.choosing
	@$(BIN)/python -m pytest -n 3 $(ARGS)

test-large: $(READY) broker ## developer: Run what takes a cluster of six servers, and whether chaos runs and simulation would notice: minutes, nothing beside it
	@PYTHONHASHSEED=0 $(BIN)/python -m pytest -q tests/ops/large_cluster.py tests/chaos/large_planted_bugs.py tests/simulation/large_planted_bugs.py $(ARGS)

test-containers: $(READY) ## developer: Run what takes broker and database, on RabbitMQ 4 and MongoDB in containers
	@$(ON_CONTAINERS) $(BIN)/python -m tests.choosing
	@$(ON_CONTAINERS) $(BIN)/python -m pytest -n 3 -m "infra or embedded" $(ARGS)

test-compose: $(READY) ## developer: Have docker compose build and start a product beside, play the demo on it, and see that all is measured
	@.ci/compose

fuzz: $(READY) broker ## developer: Give hostile input to all that reads from outside: 100,000 times; ARGS="--inputs 1000000 --seed 7"
	@$(BIN)/python -m tests.fuzz.campaign $(ARGS)
	@$(BIN)/python -m pytest -q tests/fuzz
	@$(BIN)/python -m pytest -q tests/fuzz/large_schemathesis.py

check: $(READY) ## developer: Lint, format, types, import rules, generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(PACKAGES) tests
	@$(BIN)/lint-imports
	@$(if $(wildcard ops/generate.py ops/generate),$(BIN)/python -m ops.generate --check)

hooks: ## developer: Have git run the quick checks before each commit
	@hook="$$(git rev-parse --git-path hooks)/pre-commit" && mkdir -p "$$(dirname "$$hook")" && install -m 755 ops/install/pre-commit "$$hook" && echo "Written to $$hook."

bench: $(READY) broker ## developer: Measure the figures, beside the floor and peers; QUICK=1 for two minutes, LARGE=1 for a million tickets, HOUR=1
	@ops/install/chromium || true
	@bench/peers/environment $(BIN)/python var/peers
	@$(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(LARGE),--large) $(if $(HOUR),--hour) $(if $(KEEP),--keep) $(ARGS)

chaos: $(READY) broker ## SRE: Break the running product 200 times under load, and prove what it kept
	@$(BIN)/python -m tests.chaos --cluster "$(CLUSTER)" $(ARGS)

simulate: $(READY) ## SRE: Play thousands of schedules of faults in made-up time; SEEDS=10000, SEED=17 for one, TRACE=1 for its every step
	@$(BIN)/python -m tests.simulation --seeds "$(SEEDS)" $(if $(SEED),--seed "$(SEED)") $(if $(TRACE),--trace) $(ARGS)

overload: $(READY) broker ## SRE: Give the product three times what it carries, restart it, trouble its mail server; ARGS="load --seconds 60"
	@$(BIN)/python -m tests.overload $(ARGS)

upgrade: $(READY) broker ## release: Roll from the last release to this version and back, side by side, while contacts flow
	@$(BIN)/python -m pytest -q tests/upgrades/large_side_by_side.py $(ARGS)

secrets: ## SRE: Make the passwords and keys of the containers: .env and secrets/
	@ops/install/secrets

lock: $(READY) ## developer: Write the locks anew, with hashes: requirements.txt, and each image's part of it
	@$(LOCK) $(EXTRAS:%=--extra %) --custom-compile-command "make lock" pyproject.toml -o requirements.txt
	@$(LOCK) --no-annotate --custom-compile-command "make lock" -c requirements.txt --extra peers pyproject.toml -o bench/peers/requirements.txt
	@for image in $(IMAGES); do \
		$(LOCK) --no-annotate --custom-compile-command "make lock" -c requirements.txt --extra $$image --extra tracing pyproject.toml -o requirements/$$image.txt || exit; \
	done

audit: $(READY) ## release: Ask PyPI for known holes in what is locked; fails where it can't ask
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements.txt

sbom: $(READY) ## release: Write what each image is made of, as CycloneDX: var/sbom/
	@mkdir -p var/sbom
	@for image in $(IMAGES); do \
		$(BIN)/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml -o var/sbom/$$image.json requirements/$$image.txt 2>/dev/null || exit; \
	done
	@echo "Written to var/sbom/."

licences: $(READY) ## release: Write the licences of what the images are made of: docs/licences.md
	@ops/install/licences $(BIN)/pip-licenses > docs/licences.md

scaling: $(READY) broker ## developer: Add replicas of one service at a time, where the cost is waiting; writes var/scaling.md
	@$(BIN)/python -m bench.scaling $(ARGS)

screens: $(READY) chromium ## developer: Draw the screens anew that the README shows: docs/screens/
	@$(BIN)/python -m tests.browser.pictures

clean: ## newcomer: Remove all data and caches; refused while the product runs
	@[ ! -e var/lock ] || flock -n var/lock true || { echo "atendo: it is running: stop it first." >&2; exit 1; }
	@rm -rf var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

broker:
	@ops/install/broker

prometheus:
	@ops/install/prometheus

chromium:
	@ops/install/chromium

$(READY): requirements.txt ops/install/environment
	@ops/install/environment $(PYTHON) $(VENV)
	@touch $@
