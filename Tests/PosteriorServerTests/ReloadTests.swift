import Dispatch
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// Models that change under load, over real connections.
@Suite(.serialized) struct ReloadTests {
    private static let post: [UInt8] = {
        let body = #"{"observation":[0,0],"num_samples":2000,"output":"summary"}"#
        return Array(
            """
            POST /v1/models/m/sample HTTP/1.1\r\nHost: a\r\n\
            Content-Length: \(body.utf8.count)\r\n\r\n\(body)
            """.utf8
        )
    }()

    /// How many answers had each status; 0 for those that did not come.
    private final class Outcomes: Sendable {
        private let counts = Mutex<[Int: Int]>([:])
        let isOver = Atomic(false)

        func note(_ status: Int) { counts.withLock { $0[status, default: 0] += 1 } }
        var all: [Int: Int] { counts.withLock { $0 } }
    }

    private static func put(_ model: String, as file: URL) throws {
        let source = URL(filePath: ServerProgram.models).appending(path: model)
        let copy = file.deletingLastPathComponent().appending(path: "copy")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try FileManager.default.copyItem(
            at: source.appending(path: "1/model.safetensors"),
            to: copy
        )
        _ = unsafe rename(copy.path(), file.path())
    }

    @Test func `models that are replaced, added and removed under load drop no request`() throws {
        let program = try ServerProgram()
        let models = program.folder.appending(path: "served")
        let first = models.appending(path: "m/1/model.safetensors")
        let second = models.appending(path: "m/2/model.safetensors")
        try Self.put("two_moons", as: first)
        let server = try RunningServer(["--models", models.path()], in: program)
        let port = try #require(server.url.split(separator: ":").last.flatMap { UInt16($0) })
        let outcomes = Outcomes()
        let clients = DispatchGroup()
        for index in 0..<2 {
            DispatchQueue(label: "client \(index)").async(group: clients) {
                while !outcomes.isOver.load(ordering: .relaxed) {
                    let stream = try? TCPStream(port: port)
                    for _ in 0..<20 { _ = stream?.send(Self.post[...]) }
                    stream?.endOutput()
                    let received = stream?.readToEnd() ?? []
                    let answers = ProtocolAnswers(received, firstIsHead: false).answers
                    for answer in answers { outcomes.note(answer.status) }
                    for _ in answers.count..<20 { outcomes.note(0) }
                }
            }
        }
        for round in 0..<12 {
            try Self.put("two_moons", as: round % 3 == 1 ? second : first)
            if round % 3 == 2 {
                try FileManager.default.removeItem(at: second.deletingLastPathComponent())
            }
            server.send(SIGHUP)
            usleep(150_000)
        }
        outcomes.isOver.store(true, ordering: .relaxed)
        clients.wait()
        #expect(Set(outcomes.all.keys) == [200], "\(outcomes.all)")
        #expect(server.lines.count { $0.contains("m version 1") } > 2)
    }
}
