import Glibc

/// The address of a peer without its port, for counting connections and for logs.
public struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    var high: UInt64 = 0
    var low: UInt64 = 0
    var isVersion6 = false

    /// The address as text, without brackets.
    public var description: String {
        let bytes = [high, low].flatMap { half in
            (0..<8).map { UInt8(truncatingIfNeeded: half >> (8 * UInt64($0))) }
        }
        guard isVersion6 else { return bytes[8..<12].map { String($0) }.joined(separator: ".") }
        var characters = [CChar](repeating: 0, count: 64)
        let text = unsafe inet_ntop(AF_INET6, bytes, &characters, socklen_t(characters.count))
        guard unsafe text != nil else { return "unknown" }
        return String(
            decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)),
            as: UTF8.self
        )
    }
}

extension PeerAddress {
    /// The address in a socket address of either family.
    ///
    /// A socket for both families has its clients of IPv4 under `::ffff:0:0/96`. They are taken for
    /// what they are: as addresses of IPv6 all of them would be in one network.
    init(_ storage: sockaddr_storage) {
        self = unsafe withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET:
                let address = unsafe bytes.loadUnaligned(as: sockaddr_in.self)
                return PeerAddress(high: 0, low: UInt64(address.sin_addr.s_addr))
            case AF_INET6:
                // The sixteen bytes of sin6_addr follow family, port and flow label.
                let high = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                let low = unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
                if high == 0, UInt64(bigEndian: low) >> 32 == 0xFFFF {
                    let address = unsafe bytes.loadUnaligned(fromByteOffset: 20, as: UInt32.self)
                    return PeerAddress(high: 0, low: UInt64(address))
                }
                return PeerAddress(high: high, low: low, isVersion6: true)
            default: return PeerAddress()
            }
        }
    }
}
