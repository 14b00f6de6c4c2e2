#!/bin/sh
# Coverage-guided fuzzing with the address sanitizer.
#
#     Tests/Fuzz/fuzz.sh request [seconds]
#
# Starts from the protocol cases, and keeps what it finds in .build/fuzz/request. Run
# `swift build` once before it, which fetches the packages.
set -eu
target=${1:?request}
seconds=${2:-600}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$root/.build/fuzz/$target
mkdir -p "$work/corpus" "$work/modules"
flags="-O -parse-as-library -swift-version 6 -sanitize=fuzzer,address -package-name posterior_server
    -enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature ExistentialAny
    -enable-upcoming-feature InternalImportsByDefault -I $work/modules"

# module NAME FOLDER: compiles a module's files into an object that the next ones link.
module() {
    swiftc $flags -module-name "$1" -emit-module -emit-module-path "$work/modules/$1.swiftmodule" \
        -wmo -c $(find "$2" -name '*.swift') -o "$work/modules/$1.o"
}

case $target in
request)
    module HTTPTypes "$root/.build/checkouts/swift-http-types/Sources/HTTPTypes"
    module HTTPMessages "$root/Sources/HTTPMessages"
    python3 "$root/Tests/Fuzz/seed_requests.py" "$work/corpus"
    swiftc $flags "$root/Tests/Fuzz/RequestTarget.swift" "$work"/modules/*.o -o "$work/fuzz"
    ;;
*)
    echo "no target named $target" >&2
    exit 2
    ;;
esac
exec "$work/fuzz" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=16384 \
    -artifact_prefix="$work/" "$work/corpus"
