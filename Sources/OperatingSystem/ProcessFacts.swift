import Glibc

/// What the system counts of this process.
public struct ProcessFacts: Sendable {
    /// Processor time, in seconds.
    public var processorSeconds: Double
    /// Resident memory, in bytes.
    public var residentBytes: Int
    /// Open file descriptors, a count.
    public var openDescriptors: Int
    /// The most file descriptors there may be, a count.
    public var descriptorLimit: Int

    /// Asks the system.
    public init() {
        var usage = rusage()
        _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        processorSeconds = [usage.ru_utime, usage.ru_stime].reduce(0) { sum, time in
            sum + Double(time.tv_sec) + Double(time.tv_usec) * 1e-6
        }
        let statm = (try? SmallFile.read("/proc/self/statm", limitBytes: 4096).bytes) ?? []
        let pages = String(decoding: statm, as: UTF8.self).split(separator: " ")
        residentBytes = (pages.count > 1 ? Int(pages[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE))
        openDescriptors = Self.countDescriptors()
        var limit = rlimit()
        _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        descriptorLimit = Int(clamping: limit.rlim_cur)
    }

    private static func countDescriptors() -> Int {
        var status = stat()
        // From Linux 6.2 on the size of the folder is the count; before, it has to be read.
        if unsafe stat("/proc/self/fd", &status) == 0, status.st_size > 0 {
            return Int(status.st_size)
        }
        guard let folder = unsafe opendir("/proc/self/fd") else { return 0 }
        defer { unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        // Not its own descriptor, "." and "..".
        return max(0, count - 3)
    }
}

/// The time of day.
public enum WallClock {
    /// Seconds since the start of 1970, and the milliseconds within the second.
    public static var now: (seconds: Int, milliseconds: Int) {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return (time.tv_sec, time.tv_nsec / 1_000_000)
    }

    /// The time now as RFC 3339 writes it, in UTC and with milliseconds.
    public static var text: String {
        let (seconds, milliseconds) = now
        var moment = time_t(seconds)
        var parts = unsafe tm()
        _ = unsafe gmtime_r(&moment, &parts)
        let date = unsafe [parts.tm_mon + 1, parts.tm_mday].map { digits(Int($0), 2) }
        let time = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { digits(Int($0), 2) }
        let year = unsafe digits(Int(parts.tm_year) + 1900, 4)
        return "\(year)-\(date.joined(separator: "-"))T\(time.joined(separator: ":"))"
            + ".\(digits(milliseconds, 3))Z"
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}
