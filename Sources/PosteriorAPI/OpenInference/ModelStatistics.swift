import StrictJSON
import Synchronization

/// How the requests of one version of a model went: counts and times since it was loaded.
///
/// *Reference*: Triton's "Statistics Extension".
final class ModelStatistics: Sendable {
    private struct Counts {
        var success = 0
        var successTime = Duration.zero
        var failure = 0
        var failureTime = Duration.zero
    }

    private let counts = Mutex(Counts())

    /// Notes a request that was worked on.
    func note(isSuccess: Bool, _ time: Duration) {
        counts.withLock { counts in
            if isSuccess {
                counts.success += 1
                counts.successTime += time
            } else {
                counts.failure += 1
                counts.failureTime += time
            }
        }
    }

    /// Writes `{"name", "version", "inference_count", …}`.
    func write(name: String, version: Int, to writer: inout JSONWriter) {
        let counts = counts.withLock { $0 }
        writer.beginObject()
        writer.key("name")
        writer.string(name)
        writer.key("version")
        writer.string(String(version))
        writer.key("inference_count")
        writer.integer(counts.success)
        writer.key("execution_count")
        writer.integer(counts.success)
        writer.key("inference_stats")
        writer.beginObject()
        Self.write("success", counts.success, counts.successTime, to: &writer)
        Self.write("fail", counts.failure, counts.failureTime, to: &writer)
        writer.endObject()
        writer.endObject()
    }

    private static func write(
        _ name: String,
        _ count: Int,
        _ time: Duration,
        to writer: inout JSONWriter
    ) {
        let (seconds, attoseconds) = time.components
        writer.key(name)
        writer.beginObject()
        writer.key("count")
        writer.integer(count)
        writer.key("ns")
        writer.integer(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
        writer.endObject()
    }
}
