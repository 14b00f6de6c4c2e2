import Glibc
import HTTPMessages

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

/// Seconds since the start of 1970.
func secondsSinceEpoch() -> Int {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time)
    return time.tv_sec
}

/// The text of an error number.
func systemErrorText(_ code: Int32) -> String {
    var characters = [CChar](repeating: 0, count: 128)
    guard unsafe strerror_r(code, &characters, characters.count) == 0 else { return "\(code)" }
    let bytes = characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
    return bytes.isEmpty ? "error \(code)" : String(decoding: bytes, as: UTF8.self)
}

/// How many processors this process may run on.
func availableProcessors() -> Int {
    max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
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
