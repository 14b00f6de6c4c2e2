import ContentCoding
import Testing

struct ContentDecoderTests {
    private static let limits = ContentDecoder.Limits(bytes: 64 << 20)

    /// `{"a":1}` as Python's gzip and zlib write it.
    static let gzipSample: [UInt8] = [
        0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 74, 84, 178, 50, 172, 5, 0, 175, 172, 27, 86,
        7, 0, 0, 0,
    ]
    static let zlibSample: [UInt8] = [
        0x78, 0x9C, 171, 86, 74, 84, 178, 50, 172, 5, 0, 8, 42, 2, 9,
    ]

    @Test(
        arguments: [
            ("gzip", .gzip), ("x-gzip", .gzip), ("GZip", .gzip), ("deflate", .deflate),
            ("identity", .identity), ("", .identity), ("br", nil), ("gzip, gzip", nil),
            ("gzip,identity", nil), ("gzip;q=1", nil), ("zstd", nil), (" gzip", nil),
        ] as [(String, ContentDecoder?)]
    )
    func `a coding is known by its exact name`(_ value: String, _ expected: ContentDecoder?) {
        #expect(ContentDecoder(value) == expected)
    }

    @Test func `what others compressed is read`() throws {
        let expected = Array(#"{"a":1}"#.utf8)
        #expect(try ContentDecoder.gzip.decode(Self.gzipSample, limits: Self.limits) == expected)
        #expect(try ContentDecoder.deflate.decode(Self.zlibSample, limits: Self.limits) == expected)
        #expect(try ContentDecoder.identity.decode(expected, limits: Self.limits) == expected)
    }

    @Test(arguments: [0, 1, 1_023, 65_535, 65_536, 65_537, 3_000_000])
    func `what was compressed here comes back`(_ count: Int) throws {
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
        let compressed = try #require(GzipStream.compress(content))
        #expect(try ContentDecoder.gzip.decode(compressed, limits: Self.limits) == content)
    }

    @Test(arguments: [1, 100, 40_000])
    func `content that is compressed piece by piece comes back`(_ pieceBytes: Int) throws {
        let content = Array(String(repeating: "0.123,4.567,", count: 10_000).utf8)
        var compressed: [UInt8] = []
        guard var stream = GzipStream() else {
            Issue.record("there is no memory")
            return
        }
        for start in stride(from: 0, to: content.count, by: pieceBytes) {
            let end = min(content.count, start + pieceBytes)
            stream.compress(Array(content[start..<end]), isLast: false, into: &compressed)
        }
        stream.compress([], isLast: true, into: &compressed)
        #expect(try ContentDecoder.gzip.decode(compressed, limits: Self.limits) == content)
    }

    @Test func `every beginning of a stream is truncated`() {
        for (decoder, sample) in [
            (ContentDecoder.gzip, Self.gzipSample), (.deflate, Self.zlibSample),
        ] {
            for count in sample.indices {
                #expect(throws: ContentDecoder.Failure.truncated) {
                    try decoder.decode(Array(sample[..<count]), limits: Self.limits)
                }
            }
        }
    }

    @Test func `nothing may follow the stream, not even another`() {
        for rest in [[0], Self.gzipSample] {
            #expect(throws: ContentDecoder.Failure.trailingBytes) {
                try ContentDecoder.gzip.decode(Self.gzipSample + rest, limits: Self.limits)
            }
        }
    }

    @Test(arguments: [0, 2, 12, 20, 25])
    func `damage is noticed wherever it is`(_ index: Int) {
        var sample = Self.gzipSample
        sample[index] ^= 0x41
        #expect(throws: ContentDecoder.Failure.damaged) {
            try ContentDecoder.gzip.decode(sample, limits: Self.limits)
        }
    }

    @Test func `formats are not taken for one another`() {
        #expect(throws: ContentDecoder.Failure.damaged) {
            try ContentDecoder.deflate.decode(Self.gzipSample, limits: Self.limits)
        }
        #expect(throws: ContentDecoder.Failure.damaged) {
            try ContentDecoder.gzip.decode(Self.zlibSample, limits: Self.limits)
        }
        // Raw deflate, as some clients send it in the name of zlib.
        #expect(throws: ContentDecoder.Failure.damaged) {
            try ContentDecoder.deflate.decode(
                Array(Self.zlibSample[2..<11]),
                limits: Self.limits
            )
        }
    }

    @Test func `a bomb is stopped by its size and by its ratio`() throws {
        let bomb = try #require(GzipStream.compress([UInt8](repeating: 0x30, count: 8 << 20)))
        var limits = Self.limits
        limits.bytes = 1 << 20
        #expect(throws: ContentDecoder.Failure.tooLong(limitBytes: 1 << 20)) {
            try ContentDecoder.gzip.decode(bomb, limits: limits)
        }
        limits.bytes = 64 << 20
        limits.ratio = 100
        #expect(throws: ContentDecoder.Failure.tooDense(limitRatio: 100)) {
            try ContentDecoder.gzip.decode(bomb, limits: limits)
        }
        // Within the first MiB any ratio will do.
        let small = try #require(GzipStream.compress([UInt8](repeating: 0x30, count: 1 << 20)))
        #expect(try ContentDecoder.gzip.decode(small, limits: limits).count == 1 << 20)
    }

    @Test func `decoding ends when nobody waits for it`() throws {
        let content = try #require(GzipStream.compress([UInt8](repeating: 1, count: 1 << 20)))
        var slices = 0
        #expect(throws: ContentDecoder.Failure.cancelled) {
            try ContentDecoder.gzip.decode(content, limits: Self.limits) {
                slices += 1
                return slices > 3
            }
        }
        #expect(slices == 4)
    }
}
