#!/bin/sh
# deps.sh install|ensure build|check|ceph ...: makes sure of the libraries and tools that building and testing need.
#
# Each is tried for real.  What is missing is installed with apt-get as root or through sudo; where that cannot
# be, the one command that does it is printed and the exit is 69.  install brings the optional tools too.
usage() {
	echo "usage: tests/deps.sh install|ensure build|check|ceph ..." >&2
	exit 64
}

say() {
	echo "deps: $*" >&2
}

have() {
	command -v "$1" >/dev/null 2>&1
}

# What the build uses: the Debian package, its header, its library.
libraries='libc6-dev:stdio.h:c zlib1g-dev:zlib.h:z libcsv-dev:csv.h:csv libjansson-dev:jansson.h:jansson
    libxxhash-dev:xxhash.h:xxhash libzstd-dev:zstd.h:zstd libcurl4-openssl-dev:curl/curl.h:curl
    libssl-dev:openssl/evp.h:crypto libexpat1-dev:expat.h:expat'

# links LIBRARY...: whether a program that uses them, given as package:header:library, compiles and links.
links() {
	flags=$(for library; do echo "-l${library##*:}"; done)
	# XXH3's values are final since 0.8.0.
	# shellcheck disable=SC2086
	{
		for library; do
			header=${library#*:}
			echo "#include <${header%:*}>"
		done
		echo '#if defined XXH_VERSION_NUMBER && XXH_VERSION_NUMBER < 800'
		echo '#error "this xxHash is too old"'
		echo '#endif'
		echo 'int main(void) { return 0; }'
	} | "$CC" -x c - -o /dev/null $flags 2>/dev/null
}

# The packages that building misses.
missing_build() {
	have make || echo make
	have ar || echo binutils
	if ! have "$CC"; then
		if [ "$CC" = clang ]; then echo clang; else echo gcc; fi
	fi
	# shellcheck disable=SC2086
	links $libraries && return
	for library in $libraries; do
		links "$library" || echo "${library%%:*}"
	done
}

# A tool and the package that has it.
tools='prove:perl openssl:openssl python3:python3 jq:jq strace:strace mandoc:mandoc clang:clang'
optional_tools='shellcheck:shellcheck'
# A store with S3 in front, for tests.
ceph_tools='python3:python3 radosgw:radosgw radosgw-admin:radosgw ceph-mon:ceph-mon ceph-osd:ceph-osd ceph-mgr:ceph-mgr
    ceph:ceph-common'

missing_tools() {
	for tool; do
		have "${tool%%:*}" || echo "${tool##*:}"
	done
}

# clang can be there without the runtime of libFuzzer and the sanitizers.
has_clang_runtime() {
	[ -f "$(clang '-###' -x c /dev/null -fsanitize=fuzzer,address 2>&1 | tr ' ' '\n' | tr -d '"' |
	    grep 'libclang_rt\.fuzzer' | head -n 1)" ]
}

# The package that has it is named after clang's version; before LLVM 14.0.6 it was part of another.
clang_runtime_package() {
	if have clang; then
		version=$(clang -dumpversion | cut -d. -f1)
	else
		version=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
	fi
	for package in "libclang-rt-$version-dev" "libclang-common-$version-dev"; do
		if [ -n "$(apt-cache show "$package" 2>/dev/null)" ]; then
			echo "$package"
			return
		fi
	done
	echo libclang-rt-dev
}

missing_check() {
	# shellcheck disable=SC2086
	missing_tools $tools
	if ! have clang || ! has_clang_runtime; then
		clang_runtime_package
	fi
}

missing_ceph() {
	# shellcheck disable=SC2086
	missing_tools $ceph_tools | sort -u
}

missing() {
	for set in $sets; do
		# shellcheck disable=SC2086
		case $set in
		build) missing_build ;;
		check) missing_check ;;
		ceph) missing_tools $ceph_tools | sort -u ;;
		esac
	done | tr '\n' ' ' | sed 's/ $//'
}

no_apt() {
	say "missing here, by the names of Debian's packages: $wanted"
	say 'building takes a C11 compiler, make, zlib, libcsv, jansson, xxHash (0.8 or newer) and zstd, with their headers;'
	say 'testing takes prove (Perl), python3, jq, strace, mandoc, and clang with libFuzzer and its sanitizers.'
	exit 69
}

# How this user becomes root, or false.
find_root() {
	if [ "$(id -u)" -eq 0 ]; then
		root=
	elif have sudo && sudo -n true 2>/dev/null; then
		root=sudo
	elif have sudo && [ -t 0 ] && [ -t 2 ]; then
		say "sudo may ask for your password"
		root=sudo
	else
		return 1
	fi
}

# The one command.
command_line() {
	line="apt-get update && apt-get install -y --no-install-recommends $wanted"
	if [ "$(id -u)" -eq 0 ]; then
		echo "$line"
	elif have sudo; then
		echo "sudo sh -c '$line'"
	else
		echo "su -c '$line'"
	fi
}

give_up() {
	say "$1; this command does it:"
	echo "    $(command_line)" >&2
	exit 69
}

apt() {
	$root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 "$@" >&2
}

# The name of the runtime's package is known only after the update and, for a clang of another version, after clang.
bring() {
	have apt-get || no_apt
	say "missing: $wanted"
	find_root || give_up "only root can install packages"
	apt update || say 'apt-get update failed; going on with the package lists that are here'
	wanted="$(missing)${extra:+ $extra}"
	# shellcheck disable=SC2086
	apt install --no-install-recommends $wanted || give_up 'apt-get failed'
	wanted=$(missing)
	if [ -n "$wanted" ]; then
		# shellcheck disable=SC2086
		apt install --no-install-recommends $wanted || give_up 'apt-get failed'
	fi
	wanted=$(missing)
	[ -z "$wanted" ] || give_up "installed, and still it does not work: $wanted"
	say 'installed'
}

[ $# -ge 2 ] || usage
what=$1
shift
sets=$*
for set; do
	case $set in build | check | ceph) ;; *) usage ;; esac
done
CC=${CC:-cc}
PATH=$PATH:/usr/sbin:/sbin
extra=
case $what in
install)
	# shellcheck disable=SC2086
	case " $sets " in *' check '*) extra=$(missing_tools $optional_tools) ;; esac
	;;
ensure) ;;
*) usage ;;
esac
wanted=$(missing)
[ -z "$wanted$extra" ] || { wanted="$wanted${wanted:+${extra:+ }}$extra"; bring; }
[ "$what" = ensure ] || say "all is here for: $sets"
exit 0
