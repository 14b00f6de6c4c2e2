import COpenSSL
import Dispatch
import Glibc
import HTTPMessages
import HTTPServing
import Synchronization
import TLSTestSupport
import Testing

/// Certificates that change while the server runs.
@Suite(.serialized) struct TLSReloadTests {
    @Test func `a new certificate is shown to new connections, and old ones go on`() throws {
        let fixture = try TLSFixture()
        try fixture.withServer { port in
            let old = try LoopbackClient(port: port, fixture.settings)
            #expect(old.tls?.serial == 2)
            let identity = try fixture.authority.issue("localhost")
            _ = fixture.folder.write("server.pem", identity.certificate)
            _ = fixture.folder.write("server.key", identity.key)
            #expect(try fixture.credentials.reloadIfChanged())
            #expect(try fixture.credentials.reloadIfChanged() == false)
            let new = try LoopbackClient(port: port, fixture.settings)
            #expect(new.tls?.serial == 3)
            for client in [old, new] {
                client.send(request("GET /live"))
                #expect(client.answer()?.text == "live")
            }
        }
    }

    @Test func `files that cannot be used change nothing, and are named once`() throws {
        let fixture = try TLSFixture()
        let folder = fixture.folder
        let good = try fixture.authority.issue("localhost")
        let other = try fixture.authority.issue("localhost")
        try fixture.withServer { port in
            _ = folder.write("server.pem", Array("no certificate".utf8))
            #expect(throws: TLSError.noCertificate(file: "\(folder.path)/server.pem")) {
                try fixture.credentials.reloadIfChanged()
            }
            #expect(try fixture.credentials.reloadIfChanged() == false)
            _ = folder.write("server.pem", good.certificate)
            _ = folder.write("server.key", Array(good.key.dropLast(40)))
            #expect(throws: TLSError.noKey(file: "\(folder.path)/server.key")) {
                try fixture.credentials.reloadIfChanged()
            }
            _ = folder.write("server.key", other.key)
            #expect(
                throws: TLSError.mismatch(
                    certificateFile: "\(folder.path)/server.pem",
                    keyFile: "\(folder.path)/server.key"
                )
            ) {
                try fixture.credentials.reload()
            }
            unsafe unlink("\(folder.path)/server.key")
            #expect(throws: TLSError.self) { try fixture.credentials.reloadIfChanged() }
            let old = try LoopbackClient(port: port, fixture.settings)
            #expect(old.tls?.serial == 2)
            _ = folder.write("server.key", good.key)
            #expect(try fixture.credentials.reloadIfChanged())
            let new = try LoopbackClient(port: port, fixture.settings)
            #expect(new.tls?.serial == 3)
        }
    }

    @Test func `a key that needs a passphrase is refused, and nobody is asked for it`() throws {
        let folder = try TemporaryFolder()
        let identity = try TestAuthority().issue("localhost", passphrase: "secret")
        #expect(throws: TLSError.noKey(file: "\(folder.path)/key")) {
            try TLSCredentials(
                certificateFile: folder.write("certificate", identity.certificate),
                keyFile: folder.write("key", identity.key)
            )
        }
    }

    @Test func `other client authorities let others in, and resume nobody`() throws {
        let first = try TestAuthority("First")
        let second = try TestAuthority("Second")
        let fixture = try TLSFixture(clientAuthority: first)
        var settings = fixture.settings
        settings.versions = TLS1_2_VERSION...TLS1_2_VERSION
        settings.identity = try first.issue("client")
        try fixture.withServer { port in
            let client = try LoopbackClient(port: port, settings)
            client.send(request("GET /live"))
            #expect(client.answer()?.text == "live")
            _ = fixture.folder.write("clients.pem", second.pem)
            #expect(try fixture.credentials.reload())
            #expect(throws: TLSClientError.self) {
                try LoopbackClient(port: port, settings, resuming: client.tls?.ticket)
            }
            settings.identity = try second.issue("client")
            _ = try LoopbackClient(port: port, settings)
        }
    }

    @Test func `no request is lost while certificates change under load`() throws {
        let fixture = try TLSFixture()
        let settings = fixture.settings
        let failures = Atomic(0)
        let answers = Atomic(0)
        let goesOn = Atomic(true)
        try fixture.withServer(configuration: .with { $0.loopCount = 2 }) { port in
            let clients = DispatchGroup()
            for index in 0..<4 {
                // Queues of their own: those that are shared may be busy with other tests.
                DispatchQueue(label: "client \(index)").async(group: clients) {
                    while goesOn.load(ordering: .relaxed) {
                        guard let client = try? LoopbackClient(port: port, settings) else {
                            failures.add(1, ordering: .relaxed)
                            continue
                        }
                        for _ in 0..<5 {
                            client.send(post("/echo", "under load"))
                            if client.answer()?.text == "under load" {
                                answers.add(1, ordering: .relaxed)
                            } else {
                                failures.add(1, ordering: .relaxed)
                            }
                        }
                    }
                }
            }
            var rounds = 0
            while rounds < 30
                || answers.load(ordering: .relaxed) < 100
                    && failures.load(ordering: .relaxed) == 0
            {
                rounds += 1
                let identity = try fixture.authority.issue("localhost")
                _ = fixture.folder.write("server.pem", identity.certificate)
                // In between the pair does not match.
                _ = try? fixture.credentials.reloadIfChanged()
                _ = fixture.folder.write("server.key", identity.key)
                #expect(try fixture.credentials.reload())
                usleep(10_000)
            }
            goesOn.store(false, ordering: .relaxed)
            clients.wait()
        }
        #expect(failures.load(ordering: .relaxed) == 0)
        #expect(answers.load(ordering: .relaxed) >= 100)
    }
}
