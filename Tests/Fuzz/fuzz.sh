#!/bin/sh
# Coverage-guided fuzzing with the address sanitizer.
#
#     Tests/Fuzz/fuzz.sh request|json|gzip|npy|inference|model|tls [seconds [flag of libFuzzer ...]]
#
# Starts from the protocol cases, or from small texts, streams, arrays, models, requests and records,
# and keeps what it finds in .build/fuzz/TARGET. Run `swift build` once before it, which fetches the
# packages. "tls" is the server's side of TLS beneath a socket, with a client that shakes hands.
set -eu
target=${1:?request, json, gzip, npy, inference, model or tls}
seconds=${2:-600}
shift $(($# < 2 ? $# : 2))
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

# The modules that a model file needs.
store() {
    : >"$work/modules/module.modulemap"
    for name in CLaneLoops CProcessorFeatures; do
        include=$root/Sources/$name/include
        printf 'module %s { header "%s/%s.h" export * }\n' $name "$include" $name \
            >>"$work/modules/module.modulemap"
        clang -O2 -I "$include" -c "$root/Sources/$name/$name.c" -o "$work/modules/$name.o"
    done
    plain=$flags
    [ "$(uname -m)" = x86_64 ] && flags="$flags -Xcc -march=x86-64-v3"
    module Kernels "$root/Sources/Kernels"
    flags=$plain
    for name in Autodiff Distributions Estimators Robustness StrictJSON SystemFiles ModelStore; do
        module $name "$root/Sources/$name"
    done
}

libraries=
case $target in
request)
    module HTTPTypes "$root/.build/checkouts/swift-http-types/Sources/HTTPTypes"
    module HTTPMessages "$root/Sources/HTTPMessages"
    python3 "$root/Tests/Fuzz/seed_requests.py" "$work/corpus"
    ;;
json)
    module StrictJSON "$root/Sources/StrictJSON"
    python3 "$root/Tests/Fuzz/seed_texts.py" json "$work/corpus"
    ;;
gzip)
    flags="$flags -I $root/Sources/CZlib"
    module ContentCoding "$root/Sources/ContentCoding"
    libraries=-lz
    python3 "$root/Tests/Fuzz/seed_texts.py" gzip "$work/corpus"
    ;;
npy)
    module NumericArrays "$root/Sources/NumericArrays"
    python3 "$root/Tests/Fuzz/seed_tensors.py" npy "$work/corpus"
    ;;
model)
    store
    cp "$root"/Tests/ModelStoreTests/Fixtures/m*-v1.safetensors "$work/corpus"
    ;;
inference)
    store
    flags="$flags -I $root/Sources/CZlib -I $root/Sources/COpenSSL"
    module HTTPTypes "$root/.build/checkouts/swift-http-types/Sources/HTTPTypes"
    module CoreMetrics "$root/.build/checkouts/swift-metrics/Sources/CoreMetrics"
    for name in HTTPMessages NumericArrays ContentCoding Credentials MetricsExposition PosteriorAPI
    do
        module $name "$root/Sources/$name"
    done
    libraries="-lz -lssl -lcrypto"
    python3 "$root/Tests/Fuzz/seed_tensors.py" inference "$work/corpus"
    ;;
tls)
    printf 'module CSystemEvents { header "%s" export * }\n' \
        "$root/Sources/CSystemEvents/include/CSystemEvents.h" >"$work/modules/module.modulemap"
    flags="$flags -I $root/Sources/COpenSSL -enable-testing"
    module HTTPTypes "$root/.build/checkouts/swift-http-types/Sources/HTTPTypes"
    for name in HTTPMessages SystemFiles OperatingSystem HTTPServing; do
        module $name "$root/Sources/$name"
    done
    module TLSTestSupport "$root/Tests/TLSTestSupport"
    libraries="-lssl -lcrypto"
    python3 "$root/Tests/Fuzz/seed_texts.py" tls "$work/corpus"
    ;;
*)
    echo "no target named $target" >&2
    exit 2
    ;;
esac
name=$(echo "$target" | sed 's/^./\U&/')
swiftc $flags "$root/Tests/Fuzz/${name}Target.swift" "$work"/modules/*.o $libraries -o "$work/fuzz"
exec "$work/fuzz" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=16384 \
    -artifact_prefix="$work/" "$@" "$work/corpus"
