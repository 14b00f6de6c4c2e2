import COpenSSL
import HTTPMessages
import HTTPServing
import HTTPTypes
import TLSTestSupport
import Testing

/// Answers with the subject of the certificate that its client showed.
private struct SubjectService: HTTPService {
    func admit(
        _ request: HTTPRequest,
        hasBody: Bool,
        hasLength: Bool,
        context: inout RequestContext
    ) -> Admission {
        let body = Array((context.certificate ?? "nobody").utf8)
        return .respond(ServerResponse(head: HTTPResponse(status: .ok), body: body))
    }

    func compute(
        _ request: AdmittedRequest,
        idleWorkers: Int,
        cancellation: Cancellation
    ) -> ServerResponse {
        ServerResponse(head: HTTPResponse(status: .internalServerError))
    }
}

@Suite(.serialized) struct ClientCertificateTests {
    private static let versions = [TLS1_2_VERSION, TLS1_3_VERSION]

    @Test(arguments: versions)
    func `a client is known by its certificate, also when it resumes`(_ version: Int32) throws {
        let clients = try TestAuthority("Clients")
        let fixture = try TLSFixture(clientAuthority: clients)
        var settings = fixture.settings
        settings.versions = version...version
        settings.identity = try clients.issue("Ångström, Inc.")
        try fixture.withServer(SubjectService()) { port in
            var ticket: TLSClientSession.Ticket?
            for round in 0..<2 {
                let client = try LoopbackClient(port: port, settings, resuming: ticket)
                client.send(request("GET /"))
                #expect(client.answer()?.text == #"CN=\C3\85ngstr\C3\B6m\, Inc."#)
                #expect(client.tls?.isResumed == (round > 0))
                ticket = client.tls?.ticket
            }
        }
    }

    @Test func `without client authorities nobody shows a certificate`() throws {
        let fixture = try TLSFixture()
        var settings = fixture.settings
        settings.identity = try TestAuthority("Clients").issue("somebody")
        try fixture.withServer(SubjectService()) { port in
            let client = try LoopbackClient(port: port, settings)
            client.send(request("GET /"))
            #expect(client.answer()?.text == "nobody")
        }
    }

    /// What a client shows that is not let in.
    enum Flaw: CaseIterable {
        case none, otherAuthority, expired, notYetValid, serverCertificate
    }

    @Test(arguments: Flaw.allCases, versions)
    func `others are refused, told why, and counted`(_ flaw: Flaw, _ version: Int32) throws {
        let clients = try TestAuthority("Clients")
        let fixture = try TLSFixture(clientAuthority: clients)
        var settings = fixture.settings
        settings.versions = version...version
        let expected: TLSOutcome
        switch flaw {
        case .none: expected = .noCertificate
        case .otherAuthority:
            // The same name, another key.
            settings.identity = try TestAuthority("Clients").issue("impostor")
            expected = .refusedCertificate
        case .expired:
            settings.identity = try clients.issue("late", validSeconds: -7_200 ... -3_600)
            expected = .expiredCertificate
        case .notYetValid:
            settings.identity = try clients.issue("early", validSeconds: 3_600...7_200)
            expected = .expiredCertificate
        case .serverCertificate:
            settings.identity = try fixture.authority.issue("localhost")
            expected = .refusedCertificate
        }
        try fixture.withServer(SubjectService()) { port in
            // With TLS 1.3 a client believes that all is well until it reads.
            if let client = try? LoopbackClient(port: port, settings) {
                client.send(request("GET /"))
                #expect(client.answer() == nil)
                #expect(client.tls?.failure?.contains("alert") == true)
            }
            #expect(fixture.witness.saw(expected))
        }
    }
}
