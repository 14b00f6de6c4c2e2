#!/bin/sh
# Runs the tests with a sanitizer, built in a folder of their own.
#
#     Tests/Sanitizers/run.sh address|thread [argument of swift test ...]
#
# Reports go to .build-asan/reports or .build-tsan/reports, also those of the programs that the tests start; ends with
# status 1 when there is one.
set -eu
sanitizer=${1:?address or thread}
shift
cd "$(dirname "$0")/../.."
folder=.build-$(printf %.1s "$sanitizer")san
swift build --build-tests -c release --sanitize "$sanitizer" --scratch-path "$folder"
rm -rf "$folder/reports"
mkdir -p "$folder/reports"
reports=$PWD/$folder/reports
# Leaks are looked for by the fuzzers: the tests share what lives as long as their process.
export ASAN_OPTIONS="log_path=$reports/report detect_leaks=0"
export TSAN_OPTIONS="log_path=$reports/report"
if [ "$sanitizer" = thread ]; then
    clang -O2 -fPIC -shared -o "$folder/swift_order.so" Tests/Sanitizers/swift_order.c
    export LD_PRELOAD="$PWD/$folder/swift_order.so"
fi
status=0
swift test --skip-build -c release --sanitize "$sanitizer" --scratch-path "$folder" "$@" || status=$?
unset LD_PRELOAD
for report in "$reports"/*; do
    [ -e "$report" ] || continue
    grep -h SUMMARY "$report" | sort | uniq -c
    status=1
done
exit $status
