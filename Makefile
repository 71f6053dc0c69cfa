# `make help` lists the targets. Every target installs the Debian packages that it needs, once; see build/packages/.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1
# No compiler or build server outlives make: a container or chroot must be free to go away.
DOTNET_FLAGS := -c Release -v quiet --disable-build-servers
# As `dotnet build`, but silent where nothing is wrong.
DOTNET_BUILD := dotnet msbuild -restore -nologo -v:quiet -nodeReuse:false -p:Configuration=Release -p:UseSharedCompilation=false

SETUP   := artifacts/setup
STAMPS  := artifacts/stamps
TARGET  ?= demo test
# The version of what is built, such as 0.2.0; else that of Directory.Build.props.
VERSION ?= $(shell sed -n 's|.*<VersionPrefix>\(.*\)</VersionPrefix>.*|\1|p' Directory.Build.props)

# What a build reads. Generated folders are left out.
sources = $(shell find $(1) -type d \( -name bin -o -name obj \) -prune -o -type f -print 2>/dev/null)
DOTNET_COMMON  := $(wildcard Directory.* global.json .editorconfig BannedSymbols.txt)
PRODUCT_SOURCES := $(call sources,protos agent controller)
TEST_SOURCES   := $(call sources,tests)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# --- set-up ---------------------------------------------------------------------------------------------------------

$(SETUP)/packages-%: build/packages/%
	@build/install-packages $*
	@mkdir -p $(@D) && touch $@

# Unpacked, never installed: Debian's package would start a server.
PROMETHEUS := artifacts/tools/prometheus
$(SETUP)/prometheus: | $(SETUP)/packages-test
	@build/unpack-package prometheus $(PROMETHEUS)
	@mkdir -p $(@D) && touch $@

KERNELS := linux-image-cloud-amd64 linux-image-6.12-cloud-amd64
$(SETUP)/kernel-%: | $(SETUP)/packages-kernels
	@versioned=$$(apt-cache depends $* | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p'); \
		build/unpack-package "$${versioned:?no kernel found for $*}" artifacts/kernels/$*
	@mkdir -p $(@D) && touch $@

.PHONY: setup
setup: $(patsubst build/packages/%,$(SETUP)/packages-%,$(wildcard build/packages/*)) $(SETUP)/prometheus $(KERNELS:%=$(SETUP)/kernel-%) ## install everything any target needs
	@echo "setup: complete"

# --- build ----------------------------------------------------------------------------------------------------------

BPF_OBJECTS      := $(patsubst bpf/src/%.bpf.c,artifacts/bpf/%.bpf.o,$(wildcard bpf/src/*.bpf.c))
BPF_TEST_OBJECTS := $(patsubst bpf/tests/%.bpf.c,artifacts/bpf/tests/%.bpf.o,\
	$(wildcard bpf/tests/*.bpf.c bpf/tests/bench/*.bpf.c))
# clang's BPF target does not look into Debian's multiarch folder, where linux/types.h finds asm/types.h.
BPF_FLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Werror -I bpf -idirafter /usr/include/x86_64-linux-gnu \
	-ffile-prefix-map=$(CURDIR)=.

define compile_bpf
	@mkdir -p $(@D)
	@echo "clang  $<"
	@clang $(BPF_FLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@
	@! clang $(BPF_FLAGS) -S -emit-llvm $< -o - | grep '^@__const\.' || \
		{ echo "$<: clang 14 loses stores in front of a struct that is copied from a constant; assign its members instead" >&2; rm $@; exit 1; }
	@llvm-strip -g $@
endef

artifacts/bpf/%.bpf.o: bpf/src/%.bpf.c Makefile | $(SETUP)/packages-bpf
	$(compile_bpf)

artifacts/bpf/tests/%.bpf.o: bpf/tests/%.bpf.c Makefile | $(SETUP)/packages-bpf
	$(compile_bpf)

-include $(BPF_OBJECTS:.o=.d) $(BPF_TEST_OBJECTS:.o=.d)

.PHONY: bpf
bpf: $(BPF_OBJECTS) $(BPF_TEST_OBJECTS) ## compile the BPF programs

$(STAMPS)/agent: $(BPF_OBJECTS) $(PRODUCT_SOURCES) $(DOTNET_COMMON) | $(SETUP)/packages-build
	@echo "publish agent (native)"
	@dotnet publish agent/EbpfPersonas.Agent $(DOTNET_FLAGS) -r linux-x64 -o artifacts/agent
	@rm -f artifacts/agent/*.pdb artifacts/agent/*.xml
	@mkdir -p $(@D) && touch $@

$(STAMPS)/controller: $(PRODUCT_SOURCES) $(DOTNET_COMMON) | $(SETUP)/packages-build
	@echo "publish controller"
	@dotnet publish controller/EbpfPersonas.Controller $(DOTNET_FLAGS) -o artifacts/controller
	@mkdir -p $(@D) && touch $@

$(STAMPS)/solution: $(BPF_OBJECTS) $(BPF_TEST_OBJECTS) $(PRODUCT_SOURCES) $(TEST_SOURCES) $(DOTNET_COMMON) EbpfPersonas.sln | $(SETUP)/packages-build
	@echo "build   EbpfPersonas.sln"
	@$(DOTNET_BUILD) EbpfPersonas.sln
	@mkdir -p $(@D) && touch $@

$(STAMPS)/demo: $(BPF_OBJECTS) $(PRODUCT_SOURCES) $(TEST_SOURCES) $(DOTNET_COMMON) | $(SETUP)/packages-build
	@echo "build   demo"
	@$(DOTNET_BUILD) tests/EbpfPersonas.Demo
	@mkdir -p $(@D) && touch $@

# One after the other: they write to the same obj folders.
$(STAMPS)/controller: | $(STAMPS)/agent
$(STAMPS)/demo: | $(STAMPS)/controller
$(STAMPS)/solution: | $(STAMPS)/controller

.PHONY: build
build: $(STAMPS)/agent $(STAMPS)/controller $(STAMPS)/solution ## build everything; artifacts/agent and artifacts/controller are what ships

# --- check and test -------------------------------------------------------------------------------------------------

BPF_TEXT := $(shell find bpf -name '*.[ch]' 2>/dev/null)

.PHONY: format
format: $(SETUP)/packages-format ## format C# and BPF C in place
	@dotnet format EbpfPersonas.sln
	@clang-format -i $(BPF_TEXT)

.PHONY: check
check: $(SETUP)/packages-format $(STAMPS)/solution ## formatting, warnings, file hygiene
	@build/check-files
	@clang-format --dry-run -Werror $(BPF_TEXT)
	@dotnet format EbpfPersonas.sln --verify-no-changes --no-restore
	@echo "check: clean"

.PHONY: test
test: build $(SETUP)/packages-test $(SETUP)/prometheus kernel-images ## every test; the last line is `N passed, N failed, N skipped`
	@build/run-tests

.PHONY: kernel-images
kernel-images: $(KERNELS:%=$(SETUP)/kernel-%) $(STAMPS)/kernel-tests

$(STAMPS)/kernel-tests: $(BPF_OBJECTS) $(PRODUCT_SOURCES) $(TEST_SOURCES) $(DOTNET_COMMON) | $(SETUP)/packages-build $(STAMPS)/solution
	@echo "publish kernel tests (native)"
	@dotnet publish tests/EbpfPersonas.KernelTests $(DOTNET_FLAGS) -r linux-x64 -o artifacts/kernel-tests
	@rm -rf artifacts/kernel-tests/cases
	@dotnet tests/EbpfPersonas.WireCases/bin/Release/net10.0/EbpfPersonas.WireCases.dll tests/cases artifacts/kernel-tests/cases
	@mkdir -p $(@D) && touch $@

.PHONY: test-kernels
test-kernels: build kernel-images ## load and run the BPF programs on Debian's 6.1 and 6.12 kernels (QEMU)
	@build/test-kernels

.PHONY: verified-instructions
verified-instructions: build kernel-images ## keep what each kernel's verifier needs for the programs, this one's included
	@build/test-kernels --update
	@EBPF_PERSONAS_UPDATE_VERIFIED=1 dotnet test tests/EbpfPersonas.Agent.Tests/bin/Release/net10.0/EbpfPersonas.Agent.Tests.dll \
		--nologo --filter FullyQualifiedName~VerifiedInstructions --logger 'console;verbosity=minimal'

.PHONY: test-fresh
test-fresh: $(SETUP)/packages-fresh ## `make demo` and `make test` in a new minimal Debian 12 (TARGET=demo for one)
	@build/test-fresh $(TARGET)

.PHONY: demo
demo: $(STAMPS)/demo $(SETUP)/packages-demo ## watch the database_client persona change what the kernel lets through
	@dotnet tests/EbpfPersonas.Demo/bin/Release/net10.0/EbpfPersonas.Demo.dll

BENCH := dotnet tests/EbpfPersonas.Benchmarks/bin/Release/net10.0/EbpfPersonas.Benchmarks.dll

$(STAMPS)/bench: $(BPF_OBJECTS) $(BPF_TEST_OBJECTS) $(PRODUCT_SOURCES) $(TEST_SOURCES) $(DOTNET_COMMON) | $(SETUP)/packages-build
	@echo "build   benchmarks"
	@$(DOTNET_BUILD) tests/EbpfPersonas.Benchmarks
	@mkdir -p $(@D) && touch $@

.PHONY: bench
bench: $(STAMPS)/agent $(STAMPS)/controller $(SETUP)/packages-bench ## speed and size against targets and peers, up to 30 minutes
	@$(MAKE) $(STAMPS)/bench
	@$(BENCH)

.PHONY: bench-quick
bench-quick: $(STAMPS)/bench $(SETUP)/packages-bench ## the main rows of it, 3 minutes
	@$(BENCH) --quick

PROVE := dotnet tests/EbpfPersonas.Prove/bin/Release/net10.0/EbpfPersonas.Prove.dll

$(STAMPS)/prove: $(BPF_OBJECTS) $(BPF_TEST_OBJECTS) $(PRODUCT_SOURCES) $(TEST_SOURCES) $(DOTNET_COMMON) | $(SETUP)/packages-build
	@echo "build   prove"
	@$(DOTNET_BUILD) tests/EbpfPersonas.Prove
	@mkdir -p $(@D) && touch $@

.PHONY: prove
prove: $(STAMPS)/prove ## kernel against reference, 10 million packets and a million TCP connections (CASES=n for so many, PART=tcp for those)
	@$(PROVE) $(if $(CASES),--cases $(CASES)) $(if $(PART),--only $(PART)) $(if $(BROKEN),--broken "$(BROKEN)")

.PHONY: prove-activation
prove-activation: $(STAMPS)/agent $(STAMPS)/controller $(SETUP)/packages-test ## 100,000 first packets of new processes meet their persona (CASES=n for so many)
	@$(MAKE) $(STAMPS)/prove
	@$(PROVE) --only activation $(if $(CASES),--cases $(CASES))

.PHONY: prove-abuse
prove-abuse: $(STAMPS)/solution $(SETUP)/packages-test ## 200,000 mutated bodies and messages break no controller and leave nothing in it (CASES=n for so many)
	@EBPF_PERSONAS_MUTATIONS=$(or $(CASES),200000) \
		dotnet test tests/EbpfPersonas.Controller.Tests/bin/Release/net10.0/EbpfPersonas.Controller.Tests.dll \
		--nologo --filter FullyQualifiedName~Abuse --logger 'console;verbosity=normal'

.PHONY: campaign
campaign: $(STAMPS)/solution $(SETUP)/packages-test ## kill agents (500 times) and upgrade them (100 times) under traffic, 15 minutes
	@EBPF_PERSONAS_KILLS=$(or $(KILLS),250) EBPF_PERSONAS_UPGRADES=$(or $(UPGRADES),50) \
		dotnet test tests/EbpfPersonas.EndToEnd.Tests/bin/Release/net10.0/EbpfPersonas.EndToEnd.Tests.dll \
		--nologo --filter FullyQualifiedName~SurvivalTests --logger 'console;verbosity=normal'

# --- packages -------------------------------------------------------------------------------------------------------

PACKAGED := artifacts/packaged

.PHONY: package
package: $(SETUP)/packages-package $(SETUP)/packages-build ## Debian packages of agent and controller, in artifacts/packages (VERSION=x.y.z for another version)
	@build/package $(VERSION) artifacts/packages artifacts/package/$(VERSION)

# What build/debian/rules calls, in a copy of the sources.
# Nothing of the folder, of the history or of the machine goes into what is compiled.
.PHONY: packaged packaged-agent
packaged packaged-agent: DOTNET_FLAGS += -p:VersionPrefix=$(VERSION) -p:PathMap=$(CURDIR)/=/ \
	-p:EnableSourceControlManagerQueries=false
packaged-agent: $(STAMPS)/agent
packaged: $(STAMPS)/agent $(STAMPS)/packaged-controller

$(STAMPS)/packaged-controller: $(PRODUCT_SOURCES) $(DOTNET_COMMON) | $(SETUP)/packages-build $(STAMPS)/agent
	@echo "publish controller (with its runtime)"
	@dotnet publish controller/EbpfPersonas.Controller $(DOTNET_FLAGS) -r linux-x64 --self-contained \
		-p:PublishReadyToRun=true \
		-o $(PACKAGED)/ebpf-personas-controller
	@cd $(PACKAGED)/ebpf-personas-controller && rm -f *.pdb *.xml createdump libcoreclrtraceptprovider.so
	@mkdir -p $(@D) && touch $@

.PHONY: check-packages
check-packages: $(SETUP)/packages-package $(SETUP)/packages-build ## build the packages twice, in two folders: the same bytes; lintian; what the units promise
	@build/check-packages $(VERSION)

# --- lab ------------------------------------------------------------------------------------------------------------

# Built again where the sources are newer. The upgrade scenario takes the agent of the version after this one beside it.
VERSION_AFTER := $(shell awk -F. '{ print $$1 "." $$2 + 1 ".0" }' <<<"$(VERSION)")
LAB_PACKAGES  := $(foreach package,controller_$(VERSION) agent_$(VERSION) agent_$(VERSION_AFTER), \
	artifacts/packages/ebpf-personas-$(package)_amd64.deb)

# Both come of one build.
artifacts/packages/ebpf-personas-agent_%_amd64.deb artifacts/packages/ebpf-personas-controller_%_amd64.deb: \
		$(PRODUCT_SOURCES) $(DOTNET_COMMON) $(BPF_TEXT) $(call sources,build/debian) \
		build/package build/copy-sources Makefile
	@$(MAKE) package VERSION=$*

artifacts/packages/ebpf-personas-agent_$(VERSION_AFTER)_amd64.deb: \
	export DEB_BUILD_PROFILES := pkg.ebpf-personas.nocontroller

.PHONY: lab-box
lab-box: $(SETUP)/packages-lab ## the lab's own Vagrant box, made of Debian packages (once, 4 minutes)
	@vagrant/box/build

.PHONY: lab
lab: lab-box $(LAB_PACKAGES) ## four VMs: controller, two applications, database (vagrant/README.md)
	@EBPF_PERSONAS_VERSION=$(VERSION) vagrant/lab up

.PHONY: lab-test
lab-test: lab-box $(LAB_PACKAGES) ## the VMs, all scenarios, and nothing left: 45 minutes in software emulation (SCENARIOS="seed reboot" for some)
	@EBPF_PERSONAS_VERSION=$(VERSION) vagrant/lab test $(SCENARIOS)

.PHONY: lab-down
lab-down: ## end the lab's VMs, and everything that belongs to them
	@vagrant/lab down

.PHONY: clean
clean: ## remove what was built, keep what was downloaded
	@rm -rf artifacts/{agent,bench,controller,bpf,kernel-tests,package,packages,prove,stamps,tests}
	@find protos agent controller tests -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
