import Glibc
import HTTPMessages
import HTTPServing
import Synchronization
import TLSTestSupport
import Testing

/// Notes what became of TLS connections.
final class TLSWitness: HTTPServerObserver {
    private let outcomes = Mutex<[TLSOutcome]>([])

    func answered(_ exchange: HTTPExchange) {}

    func happened(_ event: HTTPServerEvent) {
        guard case .tls(let outcome, _) = event else { return }
        outcomes.withLock { $0.append(outcome) }
    }

    /// What has become of them so far, in order.
    var all: [TLSOutcome] { outcomes.withLock { $0 } }

    /// Waits until `outcome` has come about, and that often.
    func saw(_ outcome: TLSOutcome, times: Int = 1) -> Bool {
        for _ in 0..<10_000 {
            if all.count(where: { $0 == outcome }) >= times { return true }
            usleep(1_000)
        }
        return false
    }
}

/// A folder for a test's files; removed at its end.
@safe final class TemporaryFolder {
    let path: String
    private var files: [String] = []

    init() throws {
        var template = Array("/tmp/posterior-tls-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw HTTPServerError.system(call: "mkdtemp", code: errno)
        }
        path = String(
            decoding: template.dropLast().map(UInt8.init(bitPattern:)),
            as: UTF8.self
        )
    }

    deinit {
        for file in files { unsafe unlink(file) }
        unsafe rmdir(path)
    }

    /// Writes a file in one step, as a tool that renews certificates does.
    func write(_ name: String, _ bytes: [UInt8]) -> String {
        let file = "\(path)/\(name)"
        if !files.contains(file) { files.append(file) }
        let fresh = "\(file).fresh"
        let descriptor = unsafe open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        _ = unsafe Glibc.write(descriptor, bytes, bytes.count)
        Glibc.close(descriptor)
        unsafe rename(fresh, file)
        return file
    }
}

/// A TLS server's files and what its clients need.
struct TLSFixture {
    let authority: TestAuthority
    let folder: TemporaryFolder
    let credentials: TLSCredentials
    let witness = TLSWitness()

    init(clientAuthority: TestAuthority? = nil) throws {
        authority = try TestAuthority()
        let folder = try TemporaryFolder()
        let identity = try authority.issue("localhost")
        self.folder = folder
        credentials = try TLSCredentials(
            certificateFile: folder.write("server.pem", identity.certificate),
            keyFile: folder.write("server.key", identity.key),
            clientAuthoritiesFile: clientAuthority.map { folder.write("clients.pem", $0.pem) }
        )
    }

    /// What a client trusts.
    var settings: TLSClientSession.Settings { .init(authority: authority.pem) }

    /// Runs a server while `body` talks to it.
    func withServer(
        _ service: any HTTPService = TestService(),
        configuration: HTTPServerConfiguration = .with { _ in },
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (UInt16) throws -> Void
    ) throws {
        var configuration = configuration
        configuration.credentials = credentials
        try HTTPServingTests.withServer(
            service,
            configuration: configuration,
            observer: witness,
            sourceLocation: sourceLocation,
            body
        )
    }
}
