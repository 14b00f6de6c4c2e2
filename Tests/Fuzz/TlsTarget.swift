import COpenSSL
import Glibc
import TLSTestSupport

@testable import HTTPServing

/// What clients and servers need, made once.
private struct Parties {
    var plain: TLSContext
    var mutual: TLSContext
    var settings: TLSClientSession.Settings

    init() throws {
        let authority = try TestAuthority()
        let server = try authority.issue("localhost")
        var material = TLSMaterial(
            certificateFile: "server.pem",
            keyFile: "server.key",
            certificate: server.certificate,
            key: server.key
        )
        plain = try TLSContext(material)
        material.clientAuthorities = authority.pem
        mutual = try TLSContext(material)
        settings = TLSClientSession.Settings(authority: authority.pem)
        settings.identity = try authority.issue("client")
        settings.protocols = ["http/1.1"]
    }
}

private let parties = try? Parties()

/// The server's side of a connection, and the client's end of its socket.
private struct Wire: ~Copyable {
    var transport: Transport
    let far: Socket
    /// What the client's bytes meant.
    var received: [UInt8] = []
    private var input = [UInt8](repeating: 0, count: 4_096)
    private var plaintext = [UInt8](repeating: 0, count: TLSSession.recordBytes)

    init?(_ context: TLSContext) {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return nil }
        far = Socket(owning: ends[1])
        transport = Transport(Socket(owning: ends[0]), tls: TLSSession(context))
    }

    /// Brings the server bytes in pieces of a size, and has it answer.
    mutating func bring(_ bytes: [UInt8], pieceSize: Int) {
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + pieceSize)
            guard case .moved(let count) = far.send([], from: 0, Array(bytes[start..<end]), from: 0)
            else { return }
            start += count
            receive()
        }
        _ = transport.send([], from: 0, [], from: 0)
    }

    private mutating func receive() {
        while true {
            // What comes after a failure is not plaintext.
            let isSound = transport.failure == nil
            let transfer = transport.receive(into: &input, plaintext: &plaintext) { span in
                guard isSound else { return }
                for index in span.indices { received.append(span[index]) }
            }
            guard case .moved = transfer else { return }
        }
    }

    /// Has the server send bytes, and returns the ciphertext that came over.
    mutating func answer(_ bytes: [UInt8] = []) -> [UInt8] {
        _ = transport.send([], from: 0, bytes, from: 0)
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while case .moved(let count) = far.receive(into: &piece), count > 0 {
            all += piece[..<count]
        }
        return all
    }
}

/// Changes bytes: each three of the recipe are where, counted from the last change, and by what.
private func damage(_ bytes: inout [UInt8], by recipe: [UInt8]) {
    var place = 0
    for start in stride(from: 0, to: recipe.count - 2, by: 3) {
        place += Int(recipe[start]) << 4 | Int(recipe[start + 1] & 15)
        guard place < bytes.count else { return }
        bytes[place] ^= recipe[start + 2]
    }
}

/// Shakes hands for as long as both sides have something to say; the recipe damages what the
/// client says in the round that it is for.
private func shakeHands(
    _ client: TLSClientSession,
    _ wire: inout Wire,
    pieceSize: Int,
    recipe: [UInt8],
    round damaged: Int
) {
    for round in 0..<4 {
        client.shakeHands()
        var flight = client.takeOutput()
        if round == damaged { damage(&flight, by: recipe) }
        wire.bring(flight, pieceSize: pieceSize)
        let reply = wire.answer()
        guard !flight.isEmpty || !reply.isEmpty else { return }
        client.take(reply)
    }
}

/// Brings the server's side of TLS an input.
///
/// The first byte says as what: in place of a handshake, within one, after one in place of
/// records, within records, or as what records hold; which version; and whether the client has to
/// show a certificate. The second one is the size of pieces.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTLS(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard let parties, count > 2 else { return 0 }
    let mode = start.pointee
    let content = Array(UnsafeBufferPointer(start: start + 2, count: count - 2))
    // Some hundred pieces say as much as thousands.
    let pieceSize = max(Int(start[1]) * 4 + 1, content.count / 256)
    guard var wire = Wire(mode & 16 == 0 ? parties.plain : parties.mutual) else { return 0 }
    var settings = parties.settings
    if mode & 8 != 0 { settings.versions = TLS1_2_VERSION...TLS1_2_VERSION }
    guard mode & 7 != 0, let client = try? TLSClientSession(settings) else {
        wire.bring(content, pieceSize: pieceSize)
        precondition(wire.received.isEmpty, "there is plaintext without a handshake")
        return 0
    }
    let damagedRound = mode & 7 < 3 ? Int(mode & 7) - 1 : -1
    shakeHands(client, &wire, pieceSize: pieceSize, recipe: content, round: damagedRound)
    guard damagedRound < 0 else {
        precondition(wire.received.isEmpty, "there is plaintext that nobody sent")
        return 0
    }
    precondition(client.isEstablished, "\(client.failure ?? "no handshake")")
    precondition(wire.transport.handshakeOutcome == .completed && wire.transport.failure == nil)
    switch mode & 7 {
    case 3, 4:
        let sent = Array("GET / HTTP/1.1\r\nHost: fuzz\r\n\r\n".utf8)
        client.write(sent)
        var records = client.takeOutput()
        if mode & 7 == 3 { records += content } else { damage(&records, by: content) }
        wire.bring(records, pieceSize: pieceSize)
        precondition(sent.starts(with: wire.received), "\(wire.received) was not sent")
    default:
        client.write(content)
        if mode & 7 == 6 { client.updateKeys() }
        client.write(content)
        if mode & 7 == 7 { client.close() }
        wire.bring(client.takeOutput(), pieceSize: pieceSize)
        precondition(wire.received == content + content, "\(wire.received)")
        client.take(wire.answer(content))
        precondition(client.read() == content, "the answer is another one")
    }
    wire.transport.sayGoodbye()
    return 0
}
