import Glibc
import HTTPMessages
import HTTPServing
import TLSTestSupport
import Testing

/// Handshakes that are never meant to succeed: nothing of them may stay behind.
@Suite(.serialized) struct HandshakeFloodTests {
    /// A small generator with a fixed start: SplitMix64.
    private struct Numbers {
        var state: UInt64

        mutating func next(below bound: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
        }
    }

    /// What a client begins with.
    private static func hello(_ fixture: TLSFixture) throws -> [UInt8] {
        let tls = try TLSClientSession(fixture.settings)
        tls.shakeHands()
        return tls.takeOutput()
    }

    @Test(arguments: 0..<8)
    func `damaged, invented and broken off handshakes end well`(_ seed: Int) throws {
        let fixture = try TLSFixture()
        var numbers = Numbers(state: UInt64(seed))
        try fixture.withServer(configuration: .with { $0.connectionLimitPerAddress = nil }) {
            port in
            let hello = try Self.hello(fixture)
            for _ in 0..<60 {
                var bytes = hello
                switch numbers.next(below: 4) {
                case 0:
                    bytes = (0..<numbers.next(below: 2_000)).map { _ in
                        UInt8(numbers.next(below: 256))
                    }
                case 1: bytes.removeLast(numbers.next(below: bytes.count))
                case 2:
                    for _ in 0...numbers.next(below: 8) {
                        bytes[numbers.next(below: bytes.count)] = UInt8(numbers.next(below: 256))
                    }
                // A record that is longer or shorter than it says.
                default: bytes[3 + numbers.next(below: 2)] = UInt8(numbers.next(below: 256))
                }
                let client = try LoopbackClient(port: port)
                client.sendRaw(bytes)
                if numbers.next(below: 2) == 0 { client.sendRaw(bytes) }
                if numbers.next(below: 2) == 0 { client.cutOutput() }
            }
            let client = try LoopbackClient(port: port, fixture.settings)
            client.send(request("GET /live"))
            #expect(client.answer()?.text == "live")
        }
        // Each connection came to one end, and only the last one to a good one.
        #expect(fixture.witness.all.count == 61)
        #expect(fixture.witness.all.count(where: { $0 == .completed }) == 1)
    }

    @Test func `records after the handshake that make no sense end their connection alone`() throws
    {
        let fixture = try TLSFixture()
        var numbers = Numbers(state: 7)
        try fixture.withServer { port in
            for type in [20, 21, 22, 23, 24, 255] {
                let client = try LoopbackClient(port: port, fixture.settings)
                let payload = (0..<100).map { _ in UInt8(numbers.next(below: 256)) }
                client.sendRaw([UInt8(type), 3, 3, 0, 100] + payload)
                #expect(client.answer() == nil)
            }
            let client = try LoopbackClient(port: port, fixture.settings)
            client.send(request("GET /live"))
            #expect(client.answer()?.text == "live")
        }
    }

    @Test func `a flood leaves no descriptor and no memory behind`() throws {
        let fixture = try TLSFixture()
        try fixture.withServer(configuration: .with { $0.handshakeLimit = 64 }) { port in
            let hello = try Self.hello(fixture)
            func flood() throws {
                for index in 0..<1_000 {
                    let client = try LoopbackClient(port: port)
                    client.sendRaw(Array(hello.prefix(index % (hello.count + 1))))
                }
                // Those that are still open are answered or closed before the count.
                let last = try LoopbackClient(port: port, fixture.settings)
                last.send(request("GET /live", "Connection: close\r\n"))
                #expect(last.answer()?.text == "live")
                #expect(last.rest() == "")
            }
            try flood()
            let descriptors = try Self.openDescriptors()
            let memory = Self.residentBytes()
            for _ in 0..<3 { try flood() }
            for _ in 0..<5_000 {
                if try Self.openDescriptors() <= descriptors { break }
                usleep(1_000)
            }
            #expect(try Self.openDescriptors() <= descriptors)
            // A leak of one session, some 20 KB, a handshake would be 60 MB. The address sanitizer
            // keeps what is freed for a while.
            guard unsafe getenv("ASAN_OPTIONS") == nil else { return }
            #expect(Self.residentBytes() < memory + (16 << 20))
        }
    }

    private static func openDescriptors() throws -> Int {
        guard let folder = unsafe opendir("/proc/self/fd") else {
            throw HTTPServerError.system(call: "opendir", code: errno)
        }
        defer { unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        return count
    }

    private static func residentBytes() -> Int {
        guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
        defer { unsafe fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard unsafe fgets(&line, 128, file) != nil else { return 0 }
        let text = String(
            decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)),
            as: UTF8.self
        )
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * 4_096
    }
}
