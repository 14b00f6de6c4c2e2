import Foundation
import Glibc
import StrictJSON
import TestSupport
import Testing

@Suite struct ServingTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"

    private func fields(_ line: String) throws -> JSONFields {
        try JSONField(JSONDocument(parsing: Array(line.utf8)).root, path: "").object()
    }

    @Test func `every line of the log is an object, and requests are in it`() throws {
        let server = try RunningServer()
        let sample = try server.get(
            "/v1/models/two_moons/sample?secret=1",
            [
                "-d", #"{"observation":[0.1,-0.2],"num_samples":2000}"#, "-H", "X-Request-Id: mine",
                "-H", "traceparent: 00-\(Self.trace)-b7ad6b7169203331-01",
            ]
        )
        #expect(sample.status == 200)
        #expect(try server.get("/v2/health/live").status == 200)
        #expect(try server.get("/nothing%1B%5B2J%0A").status == 400)
        #expect(try server.get("/nothing?%1B%5B2J%0A").status == 404)
        let line = try #require(server.line(with: #""request_id":"mine""#))
        let request = try fields(line)
        #expect(request.optional("trace_id")?.value.string == Self.trace)
        #expect(request.optional("method")?.value.string == "POST")
        #expect(request.optional("route")?.value.string == "/v1/models/{model}/sample")
        #expect(request.optional("model")?.value.string == "two_moons")
        #expect(request.optional("status")?.value.double == 200)
        #expect(request.optional("bytes_in")?.value.double == 45)
        #expect(request.optional("bytes_out")?.value.double == Double(sample.text.utf8.count))
        #expect(request.optional("compute_ms") != nil)
        server.send(SIGTERM)
        server.send(SIGTERM)
        _ = server.waitUntilExit()
        for line in server.lines {
            #expect(try fields(line).optional("time") != nil)
            #expect(!line.contains("secret") && !line.contains("/v2/health/live"))
        }
    }

    @Test func `a log of text is one line a request, with nothing but text`() throws {
        let server = try RunningServer(["--log-format", "text", "--log-level", "debug"])
        #expect(try server.get("/v2/health/live").status == 200)
        let line = try #require(server.line(with: "route=/v2/health/live"))
        #expect(line.contains(" debug request ") && line.contains(" status=200 "))
    }

    // The address sanitizer keeps what is freed, to see who uses it after that.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["ASAN_OPTIONS"] == nil))
    func `the memory of long requests goes back to the system`() throws {
        let server = try RunningServer()
        let theta = Array(repeating: "[0.123456,-0.234567]", count: 600_000)
        try server.program.write(
            "{\"observation\":[0.1,-0.2],\"theta\":[\(theta.joined(separator: ","))]}",
            to: "long.json"
        )
        let before = try server.residentMegabytes()
        let path = "/v1/models/two_moons/log_prob"
        var arguments = ["--parallel", "--parallel-immediate"]
        arguments += ["--data", "@" + server.program.path("long.json")]
        for _ in 0..<8 { arguments += ["--output", "/dev/null"] }
        for _ in 0..<7 { arguments.append(server.url + path) }
        let answers = try server.get(path, arguments)
        #expect(answers.status == 200)
        #expect(answers.text == Array(repeating: "\n200", count: 7).joined())
        #expect(try server.residentMegabytes() < before + 100)
    }

    @Test func `keys are read again while the server runs, and bad ones are not taken`() throws {
        let program = try ServerProgram()
        let old = try program.run(["make-key", "old", "--file", "keys.json"]).output
            .trimmingCharacters(in: .newlines)
        let server = try RunningServer(["--api-keys", "keys.json"], in: program)
        func status(_ key: String) throws -> Int {
            try server.get("/v1/models", ["-H", "Authorization: Bearer \(key)"]).status
        }
        #expect(try server.get("/v1/models").status == 401)
        #expect(try status(old) == 200)
        try program.write("{}", to: "keys.json")
        server.send(SIGHUP)
        #expect(server.line(with: "the keys stay as they are") != nil)
        #expect(try status(old) == 200)
        try FileManager.default.removeItem(atPath: program.path("keys.json"))
        let new = try program.run(["make-key", "new", "--file", "keys.json"]).output
            .trimmingCharacters(in: .newlines)
        server.send(SIGHUP)
        #expect(server.line(with: "the keys were read again") != nil)
        #expect(try status(new) == 200)
        #expect(try status(old) == 401)
        #expect(server.line(with: #""key_id":"new""#) != nil)
        for key in [old, new] { #expect(!server.lines.contains { $0.contains(key) }) }
    }

    @Test func `keys may come from the environment, and are masked`() throws {
        let program = try ServerProgram()
        let made = try program.run(["make-key", "env", "--scope", "metrics"]).output
            .split(separator: "\n").map(String.init)
        let variables = ["POSTERIOR_SERVER_API_KEY_RING": #"{"keys":[\#(made[1])]}"#]
        let server = try RunningServer(variables: variables, in: program)
        #expect(try server.get("/metrics", ["-H", "X-API-Key: \(made[0])"]).status == 200)
        #expect(try server.get("/v1/models", ["-H", "X-API-Key: \(made[0])"]).status == 403)
        let printed = try program.run(["--print-config"], variables: variables)
        #expect(printed.output.contains(#""api_key_ring": "(secret)""#))
        #expect(!server.lines.contains { $0.contains("sha256") })
    }

    @Test(arguments: ["keys.json", "missing.json"])
    func `a key file that others may read, or that is not there, is refused`(name: String) throws {
        let program = try ServerProgram()
        _ = try program.run(["make-key", "one", "--file", "keys.json"])
        try program.write(
            try String(contentsOfFile: program.path("keys.json"), encoding: .utf8),
            to: "keys.json",
            permissions: 0o644
        )
        let models = ["--models", ServerProgram.models]
        let run = try program.run(["--check-config", "--api-keys", name] + models)
        #expect(run.status == 1)
        #expect(run.errors.contains("The key file \(name)"), "\(run)")
    }

    @Test(arguments: [(0o640, 0o640), (0o600, 0o600), (0o644, 0o640)])
    func `who could read a key file can read it with one more key`(
        before: Int,
        after: Int
    ) throws {
        let program = try ServerProgram()
        _ = try program.run(["make-key", "one", "--file", "keys.json"])
        let path = program.path("keys.json")
        // Only the superuser may give a file to a group it is not in.
        let group = getuid() == 0 ? 12_345 : Int(getgid())
        let given: [FileAttributeKey: Any] = [
            .posixPermissions: before, .groupOwnerAccountID: group,
        ]
        try FileManager.default.setAttributes(given, ofItemAtPath: path)
        _ = try program.run(["make-key", "two", "--file", "keys.json"])
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == after)
        #expect(attributes[.groupOwnerAccountID] as? Int == group)
        #expect(try String(contentsOfFile: path, encoding: .utf8).contains(#""two""#))
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/net/if_inet6")))
    func `a client of IPv4 is one at a socket for both families, too`() throws {
        let server = try RunningServer(["--host", "::", "--insecure"])
        let answer = try server.get("/v1/models", ["--connect-to", "::127.0.0.1:"])
        #expect(answer.status == 200)
        #expect(server.line(with: #""remote":"127.0.0.1""#) != nil)
    }

    @Test func `another address than loopback takes keys or an explicit word`() throws {
        let program = try ServerProgram()
        let arguments = ["--host", "0.0.0.0"]
        let run = try program.run(arguments + ["--port", "0", "--models", ServerProgram.models])
        #expect(run.status == 1)
        #expect(run.errors.contains("--insecure"), "\(run)")
        let open = try RunningServer(arguments + ["--insecure"])
        #expect(open.line(with: "anybody") != nil)
        _ = try program.run(["make-key", "one", "--file", "keys.json"])
        _ = try RunningServer(arguments + ["--api-keys", "keys.json"], in: program)
    }

    @Test func `SIGTERM turns readiness off, serves on, and ends with 0`() throws {
        let server = try RunningServer(["--drain-delay", "2"])
        #expect(try server.get("/v2/health/ready").status == 200)
        server.send(SIGTERM)
        #expect(server.line(with: "stopping") != nil)
        #expect(try server.get("/v2/health/ready").status == 503)
        #expect(try server.get("/v1/models").status == 200)
        #expect(server.waitUntilExit() == 0)
    }

    @Test func `a second signal ends at once`() throws {
        let server = try RunningServer(["--drain-delay", "3600"])
        server.send(SIGINT)
        #expect(server.line(with: "stopping") != nil)
        server.send(SIGINT)
        #expect(server.waitUntilExit() == 1)
    }

    @Test func `work that takes longer than draining is cut off, and the end says so`() throws {
        let server = try RunningServer(["--drain-delay", "0", "--drain-timeout", "1"])
        let attack = #"{"observation":[0.1,-0.2],"epsilon":0.1,"steps":10000,"num_samples":900}"#
        let curl = Process()
        curl.executableURL = URL(filePath: "/usr/bin/env")
        curl.arguments = [
            "curl", "--silent", "-d", attack, "\(server.url)/v1/models/two_moons/attack",
        ]
        curl.standardOutput = FileHandle.nullDevice
        try curl.run()
        while try !server.get("/metrics").text.contains("posterior_in_flight 1") {}
        server.send(SIGTERM)
        #expect(server.waitUntilExit() == 1)
    }

    @Test func `a storm of SIGHUP changes nothing`() throws {
        let server = try RunningServer()
        for _ in 0..<2000 { server.send(SIGHUP) }
        #expect(try server.get("/v2/health/ready").status == 200)
        #expect(server.line(with: "reading again") != nil)
    }

    @Test func `systemd is told of the start, of reloads and of the end`() throws {
        let program = try ServerProgram()
        let socket = try NotifySocket(program.path("notify"))
        let server = try RunningServer(
            ["--drain-delay", "0"],
            variables: [
                "NOTIFY_SOCKET": program.path("notify"), "WATCHDOG_USEC": "400000",
            ],
            in: program
        )
        #expect(socket.next() == "READY=1")
        #expect(socket.next() == "WATCHDOG=1")
        server.send(SIGHUP)
        #expect(
            socket.next(besides: "WATCHDOG=1")?.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") == true
        )
        #expect(socket.next(besides: "WATCHDOG=1") == "READY=1")
        server.send(SIGTERM)
        #expect(socket.next(besides: "WATCHDOG=1") == "STOPPING=1")
        #expect(server.waitUntilExit() == 0)
    }
}

/// The socket systemd would listen on.
private struct NotifySocket: ~Copyable {
    private let descriptor: Int32

    struct Failure: Error { let code: Int32 }

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            unsafe bytes.copyBytes(from: Array(path.utf8).prefix(bytes.count - 1))
        }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        let timeSize = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, timeSize)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, size)
            }
        }
        guard result == 0 else { throw Failure(code: errno) }
    }

    deinit { close(descriptor) }

    /// The next message, waited for.
    func next(besides boring: String? = nil) -> String? {
        while true {
            var bytes = [UInt8](repeating: 0, count: 512)
            let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
            guard count > 0 else { return nil }
            let message = String(decoding: bytes[..<count], as: UTF8.self)
            if message != boring { return message }
        }
    }
}
