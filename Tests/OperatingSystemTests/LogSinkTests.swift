import Dispatch
import Glibc
import OperatingSystem
import Testing

@Suite struct LogSinkTests {
    /// Both ends of a pipe, to read from and to write to.
    private func makePipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        try #require(unsafe pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    /// What comes out of a descriptor: so many bytes, or what there is of them within ten seconds.
    private func bytes(_ count: Int, from descriptor: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while bytes.count < count, unsafe poll(&state, 1, 10_000) == 1 {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    @Test func `lines from all threads come out whole, and none after the end`() throws {
        let (reading, writing) = try makePipe()
        let sink = LogSink(descriptor: writing)
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for number in 0..<500 {
                sink.append(Array("\(thread) \(number)\n".utf8))
                if number.isMultiple(of: 100) { usleep(3_000) }
            }
        }
        sink.close()
        sink.append(Array("late\n".utf8))
        let expected = (0..<4).flatMap { thread in (0..<500).map { "\(thread) \($0)" } }
        let count = expected.map(\.utf8.count).reduce(expected.count, +)
        let text = String(decoding: bytes(count, from: reading), as: UTF8.self)
        close(reading)
        close(writing)
        let lines = text.split(separator: "\n").map(String.init)
        for thread in 0..<4 {
            #expect(
                lines.filter { $0.hasPrefix("\(thread) ") }
                    == Array(expected[thread * 500..<(thread + 1) * 500])
            )
        }
        #expect(text.utf8.count == count && sink.droppedCount == 1)
    }

    @Test func `what there is no room for is dropped and counted`() throws {
        let (reading, writing) = try makePipe()
        let sink = LogSink(descriptor: writing, limitBytes: 10_000)
        let line = [UInt8](repeating: 0x61, count: 99) + [0x0A]
        // The pipe has room for 64 KiB, and nobody reads.
        for _ in 0..<5_000 { sink.append(line) }
        let dropped = sink.droppedCount
        #expect((5_000 - 900..<5_000).contains(dropped))
        DispatchQueue.global().async { sink.close() }
        let rest = bytes((5_000 - dropped) * 100, from: reading)
        close(reading)
        close(writing)
        #expect(rest.count == (5_000 - dropped) * 100)
    }

    @Test func `a full disk costs lines and nothing else`() throws {
        let full = unsafe open("/dev/full", O_WRONLY)
        try #require(full >= 0)
        let sink = LogSink(descriptor: full)
        for _ in 0..<10 { sink.append(Array("line\n".utf8)) }
        sink.close()
        close(full)
        #expect(sink.droppedCount == 10)
    }
}
