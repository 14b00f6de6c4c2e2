import Glibc
import HTTPMessages
import SystemFiles

extension MonotonicTime {
    /// The time now.
    static var now: MonotonicTime {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(
            nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
        )
    }
}

/// The processor time that the calling thread has used.
func processorTime() -> Duration {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

/// Seconds since the start of 1970.
func secondsSinceEpoch() -> Int {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time)
    return time.tv_sec
}

/// Has the calling thread yield its processor to those that do not give way.
///
/// Who computes gives way to who answers, refuses and probes, also where those may not have
/// real-time priority. The ten steps are a tenth of the share of a thread that does not give way.
/// Measured with `Tests/Load/mixed.py` and normal priority: of pages that take 50 µs one of a hundred
/// waited 3 to 5 ms with two steps, while both processors computed, and 1 to 2 ms with ten.
func giveWay() {
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
}

/// How many processors this process may use: those that are there, or fewer by the quota of its
/// container or unit.
func availableProcessors() -> Int {
    let online = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let quotas = quotaFiles(firstLine(ofFile: "/proc/self/cgroup")).compactMap { file in
        processorQuota(firstLine(ofFile: file))
    }
    return min(online, quotas.min() ?? online)
}

/// Where the quotas are that bind a process: that of its control group and of those around it.
///
/// - Parameter line: What `/proc/self/cgroup` says, `0::/system.slice/some.service`. In a container
///   it is `0::/`, whose quota is the container's.
/// - Returns: Paths of `cpu.max` files, which need not be there.
package func quotaFiles(_ line: String) -> [String] {
    var folder = "/sys/fs/cgroup"
    var files = [folder + "/cpu.max"]
    guard line.hasPrefix("0::/") else { return files }
    for name in line.dropFirst(4).split(separator: "/") {
        folder += "/" + name
        files.append(folder + "/cpu.max")
    }
    return files
}

/// The processors that a `cpu.max` line grants, rounded up: `QUOTA PERIOD`, nil for `max`.
package func processorQuota(_ line: String) -> Int? {
    let parts = line.split(whereSeparator: \.isWhitespace).map { Int($0) }
    guard parts.count == 2, let quota = parts[0], let period = parts[1], quota > 0, period > 0
    else { return nil }
    return quota / period + (quota % period > 0 ? 1 : 0)
}

/// The first line of a small file, empty when it cannot be read.
private func firstLine(ofFile path: String) -> String {
    let bytes = try? OpenFile(reading: path).rest(limitBytes: 4_096)
    return String(decoding: (bytes ?? []).prefix { $0 != 0x0A }, as: UTF8.self)
}

/// Lets the process open as many descriptors as it may and returns how many that is.
func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(resource, &limit) == 0 else { return 1_024 }
    if limit.rlim_cur < limit.rlim_max {
        var raised = limit
        raised.rlim_cur = limit.rlim_max
        if unsafe setrlimit(resource, &raised) == 0 { limit = raised }
    }
    return Int(clamping: limit.rlim_cur)
}
