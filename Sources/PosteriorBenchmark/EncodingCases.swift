import Kernels
import StrictJSON

/// Numbers of a response as JSON text.
enum EncodingCases {
    static var all: [BenchmarkCase] {
        var stream = RandomStream(seed: 6)
        let values = (0..<100_000).map { _ in Float(stream.normal()) }
        return [
            BenchmarkCase(name: "encode/100000") {
                var writer = JSONWriter(capacity: 1 << 20)
                writer.rows(values.span, columns: 10)
                precondition(writer.finish().count > values.count)
            }
        ]
    }
}
