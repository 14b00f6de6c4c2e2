import CSystemEvents
import Glibc
import SystemFiles

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
        // POSIX has a million of them in a second.
        processorSeconds = Double(clock()) * 1e-6
        let statm = (try? SmallFile.read("/proc/self/statm", limitBytes: 4096).bytes) ?? []
        let pages = String(decoding: statm, as: UTF8.self).split(separator: " ")
        residentBytes = (pages.count > 1 ? Int(pages[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE))
        openDescriptors = Self.countDescriptors()
        descriptorLimit = max(0, sysconf(Int32(_SC_OPEN_MAX)))
    }

    private static func countDescriptors() -> Int {
        let path = "/proc/self/fd"
        // From Linux 6.2 on the size of the folder is the count; before, it has to be read.
        if let status = FileSystem.status(of: path), status.sizeBytes > 0 {
            return status.sizeBytes
        }
        // Not the descriptor that reads it.
        return max(0, ((try? FileSystem.names(in: path)) ?? []).count - 1)
    }
}

/// The time of day.
public enum WallClock {
    /// Milliseconds since the start of 1970.
    public static var milliseconds: Int { Int(milliseconds_since_epoch()) }

    /// Seconds since the start of 1970.
    public static var seconds: Int { milliseconds / 1_000 }
}
