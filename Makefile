# make            the programs, in build/bin
# make demo       a month of deliveries through the pipe, into build/demo
# make check      all tests; SAN=1 under ASan and UBSan; T='tests/x.t …' some of them
# make check-big  memory on a report of 1 GB
# make check-ceph the S3 tests against a real store, Ceph, which is installed and started for it
# make bench      S3 transfers beside those of the aws CLI: seconds and ratios
# make deps       installs what the above need (Debian, Ubuntu)
# make lint       manuals, layers, banned calls, shell scripts
# make fuzz       libFuzzer targets in build/fuzz; fuzz-check runs each for 20 seconds
# make install    PREFIX=/usr/local DESTDIR=

VERSION = 0.1.0
PREFIX = /usr/local
PROGRAMS = cur-fetch cur-parse cur-dedupe cur-sink-s3 cur-sum

# What each program links besides our own library.
LIBS_s3 = -lcurl -lexpat -lcrypto -lz
LIBS_cur-fetch = -ljansson -lxxhash $(LIBS_s3)
LIBS_cur-parse = -ljansson -lcsv -lz
LIBS_cur-dedupe = -ljansson -lxxhash -lzstd $(LIBS_s3)
LIBS_cur-sink-s3 = -ljansson -lxxhash $(LIBS_s3)
LIBS_cur-sum = -ljansson -lxxhash $(LIBS_s3)
LIBS_test = -ljansson -lcsv -lxxhash -lzstd $(LIBS_s3)

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wformat=2
HARDEN = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDHARDEN = -pie -Wl,-z,relro,-z,now
CFLAGS = -O2 -g
ifdef SAN
B = build/san
HARDEN = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDHARDEN = -fsanitize=address,undefined
else
B = build
endif
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -iquote lib $(WARN) $(HARDEN) $(CFLAGS)
ALL_LDFLAGS = $(LDHARDEN) $(LDFLAGS)

# The modules are compiled from whatever stands in the folders.
lib_src = $(wildcard lib/*.c)
lib_obj = $(lib_src:%.c=$(B)/obj/%.o)
all_src = $(lib_src) $(wildcard $(PROGRAMS:%=%/*.c) tests/unit/*.c tests/aws/*.c)
unit = $(patsubst tests/unit/%.c,$(B)/unit/%.t,$(wildcard tests/unit/*.c))
drivers = $(patsubst tests/aws/%.c,$(B)/aws/%,$(wildcard tests/aws/*.c))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all build objects demo check check-big deps need need-check lint fuzz fuzz-check install clean

all: need
	@$(MAKE) --no-print-directory $(JOBS) build

# As many jobs as processors, where make was not told.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))

build: $(PROGRAMS:%=$(B)/bin/%)
objects: $(all_src:%.c=$(B)/obj/%.o)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(if $(filter tests/%,$<),$(PROGRAMS:%=-iquote %),-iquote $(<D)) -MMD -MP -c -o $@ $<

$(B)/libcur.a: $(lib_obj)
	@rm -f $@
	ar qcs $@ $(lib_obj)

define program
$(B)/bin/$(1): $$(patsubst %.c,$(B)/obj/%.o,$$(wildcard $(1)/*.c)) $(B)/libcur.a
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(LIBS_$(1))
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

# A unit test is tests/unit/NAME.c; it may use modules of the stages too.
stage_obj = $(patsubst %.c,$(B)/obj/%.o,$(filter-out %/main.c,$(wildcard $(PROGRAMS:%=%/*.c))))
$(B)/libstages.a: $(stage_obj)
	@rm -f $@
	ar qcs $@ $(stage_obj)

$(B)/unit/%.t: $(B)/obj/tests/unit/%.o $(B)/libstages.a $(B)/libcur.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_test)

# Programs that drive lib for tests, tests/aws/NAME.c.
$(B)/aws/%: $(B)/obj/tests/aws/%.o $(B)/libcur.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_test)

-include $(patsubst %.c,$(B)/obj/%.d,$(all_src))

deps:
	@tests/deps.sh install build check
need:
	@tests/deps.sh ensure build
need-check:
	@tests/deps.sh ensure build check

demo: all
	@BIN='$(abspath $(B)/bin)' OUT=build/demo tests/demo/run.sh

T = $(wildcard tests/*.t)
PROVE_JOBS = -j$(shell nproc 2>/dev/null || echo 2)
check: need-check
	@$(MAKE) --no-print-directory $(JOBS) build $(unit) $(drivers)
	BIN='$(abspath $(B)/bin)' BUILD='$(abspath $(B))' prove $(PROVE_JOBS) --timer -e 'timeout -k 5 600' $(if $(filter command line,$(origin T)),,$(unit)) $(T)

# The same proofs on a report of 1 GB and on more worlds; some ten minutes.
check-big: need-check
	@$(MAKE) --no-print-directory $(JOBS) build
	CUR_BIG=1 BIN='$(abspath $(B)/bin)' BUILD='$(abspath $(B))' prove --timer -e '' tests/memory.t tests/model.t

# The packages of a distribution without Ceph, or no root: said, and no failure.
T_CEPH = tests/s3.t tests/s3_faults.t tests/fetch_s3.t tests/aws/ceph-test.py
check-ceph: need-check
	@$(MAKE) --no-print-directory $(JOBS) build
	@tests/deps.sh ensure ceph || { echo 'check-ceph # SKIP no Ceph here'; exit 0; }; \
	BIN='$(abspath $(B)/bin)' BUILD='$(abspath $(B))' tests/aws/ceph prove --timer -e 'timeout -k 5 900' $(T_CEPH) || \
	{ status=$$?; [ $$status -eq 69 ] || exit $$status; echo 'check-ceph # SKIP Ceph does not start here'; }

# On Ceph, where it is installed, else on moto_server.
bench: need
	@$(MAKE) --no-print-directory $(JOBS) build
	@BIN='$(abspath $(B)/bin)' $(shell command -v radosgw >/dev/null && echo tests/aws/ceph) tests/bench/s3.py

lint: need-check
	@$(MAKE) --no-print-directory $(JOBS) build
	@BIN='$(abspath $(B)/bin)' WARN='$(WARN)' tests/lint.sh

# Fuzz targets have objects of their own: all but the main.c of the stages, with libFuzzer's counters in them.
FUZZ = $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/*.c))
fuzz_obj = $(patsubst %.c,build/fuzz/obj/%.o,$(lib_src) $(filter-out %/main.c,$(wildcard $(PROGRAMS:%=%/*.c))))
FUZZ_CFLAGS = -std=c11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -iquote lib $(PROGRAMS:%=-iquote %) $(WARN) -O1 -g \
	-fno-sanitize-recover=all
fuzz: need-check
	@$(MAKE) --no-print-directory $(JOBS) $(FUZZ)
build/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link,address,undefined -iquote $(<D) -MMD -MP -c -o $@ $<
build/fuzz/libcur.a: $(fuzz_obj)
	@rm -f $@
	ar qcs $@ $(fuzz_obj)
build/fuzz/%: build/fuzz/obj/tests/fuzz/%.o build/fuzz/libcur.a
	clang -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS_test)
-include $(fuzz_obj:.o=.d) $(FUZZ:build/fuzz/%=build/fuzz/obj/tests/fuzz/%.d)
fuzz-check: fuzz
	@tests/fuzz/run.sh 20 $(FUZZ)

install: all
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/man/man1' '$(DESTDIR)$(PREFIX)/share/man/man5' \
		'$(DESTDIR)$(PREFIX)/share/man/man7'
	install -m 755 $(PROGRAMS:%=$(B)/bin/%) '$(DESTDIR)$(PREFIX)/bin'
	install -m 644 $(foreach p,$(PROGRAMS),$(p)/$(p).1) '$(DESTDIR)$(PREFIX)/share/man/man1'
	install -m 644 lib/cur-stream.5 '$(DESTDIR)$(PREFIX)/share/man/man5'
	install -m 644 lib/cur-aws.7 '$(DESTDIR)$(PREFIX)/share/man/man7'

clean:
	rm -rf build
