import Glibc
import OperatingSystem
import Testing

@Suite struct ProcessFactsTests {
    @Test func `the time is that of the system`() {
        let before = time(nil)
        let (milliseconds, seconds) = (WallClock.milliseconds, WallClock.seconds)
        // The system's coarse clock lags behind by one of its ticks.
        let range = before...time(nil) + 1
        #expect(range.contains(milliseconds / 1_000) && range.contains(seconds))
    }

    @Test func `what the system counts is what is used`() {
        let before = ProcessFacts()
        let descriptors = (0..<5).map { _ in dup(2) }
        defer { for descriptor in descriptors { close(descriptor) } }
        var sum = 0.0
        while clock() < Int(before.processorSeconds * 1e6) + 20_000 { sum += 1 }
        let after = ProcessFacts()
        #expect(after.processorSeconds >= before.processorSeconds + 0.02, "\(sum)")
        // Other tests of this process open and close some, too.
        #expect(after.openDescriptors >= 8)
        #expect(after.openDescriptors <= after.descriptorLimit)
        var limit = rlimit()
        _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(after.descriptorLimit == Int(clamping: limit.rlim_cur))
        #expect((1 << 20..<1 << 40).contains(after.residentBytes))
    }

    @Test func `microseconds are those of the monotonic clock`() {
        var before = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &before)
        let microseconds = ServiceManager.monotonicMicroseconds
        var after = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &after)
        let range = [before, after].map { Int64($0.tv_sec) * 1_000_000 + Int64($0.tv_nsec) / 1_000 }
        #expect((range[0]...range[1]).contains(microseconds))
    }

    @Test func `variables are those of the environment`() {
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) }
        #expect(ProcessEnvironment.value("PATH") == path)
        #expect(ProcessEnvironment.names.contains("PATH"))
        #expect(ProcessEnvironment.value("POSTERIOR_NO_SUCH_VARIABLE") == nil)
    }
}
