import OperatingSystem
import Synchronization

/// Certificate, key and client authorities as they were in their files.
struct TLSMaterial: Sendable, Equatable {
    var certificateFile: String
    var keyFile: String
    var clientAuthoritiesFile: String?
    var certificate: [UInt8]
    var key: [UInt8]
    var clientAuthorities: [UInt8]?
}

/// What a server proves its name with, and may demand of its clients; kept in step with the files.
///
///     let credentials = try TLSCredentials(certificateFile: "server.pem", keyFile: "server.key")
///     configuration.credentials = credentials
///     …
///     try credentials.reload()
///
/// A connection keeps what it began with; a new one gets what is valid by then. Files that cannot
/// be used never displace what was good.
public final class TLSCredentials: Sendable {
    private struct Current {
        var context: TLSContext
        var material: TLSMaterial
        /// In which state the files were when they were last looked at.
        var identities: [SmallFile.Identity?]
        /// When the context was made: its age is that of the keys of its tickets.
        var made: ContinuousClock.Instant
    }

    /// Longest file, in bytes.
    private static let limitBytes = 1 << 20
    /// How long tickets are sealed with the same keys.
    private static let rotation = Duration.seconds(3_600)

    /// The file with the certificate and those that lead from it to its authority, in PEM.
    public let certificateFile: String
    /// The file with the private key, in PEM.
    public let keyFile: String
    /// The file with the authorities of clients; nil when clients need no certificate.
    public let clientAuthoritiesFile: String?
    private let current: Mutex<Current>

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - certificateFile: The certificate, followed by those of its issuers, in PEM.
    ///   - keyFile: The certificate's private key in PEM, without a passphrase.
    ///   - clientAuthoritiesFile: Authorities, in PEM, one of which must have issued the
    ///     certificate that every client then has to show.
    /// - Throws: Which file cannot be used, and why.
    public init(
        certificateFile: String,
        keyFile: String,
        clientAuthoritiesFile: String? = nil
    ) throws(TLSError) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clientAuthoritiesFile = clientAuthoritiesFile
        let files = [certificateFile, keyFile] + (clientAuthoritiesFile.map { [$0] } ?? [])
        let identities = files.map(SmallFile.identity)
        let material = try Self.read(certificateFile, keyFile, clientAuthoritiesFile)
        current = Mutex(
            Current(
                context: try TLSContext(material),
                material: material,
                identities: identities,
                made: .now
            )
        )
    }

    /// When the certificate ceases to be valid, in seconds since the start of 1970.
    public var expiry: Int { current.withLock { $0.context.expiry } }

    /// What a new connection gets.
    var context: TLSContext { current.withLock { $0.context } }

    /// Reads the files again and uses what they hold from now on.
    ///
    /// - Returns: Whether they hold something else than before.
    /// - Throws: Which file cannot be used, and why; what was in use stays so.
    @discardableResult
    public func reload() throws(TLSError) -> Bool {
        let identities = currentIdentities
        // Noted first: files that are changed while they are read are read once more.
        current.withLock { $0.identities = identities }
        let material = try Self.read(certificateFile, keyFile, clientAuthoritiesFile)
        guard current.withLock({ $0.material != material }) else { return false }
        let context = try TLSContext(material)
        current.withLock { current in
            current.context = context
            current.material = material
            current.made = .now
        }
        return true
    }

    /// Reloads when a file has changed since it was last looked at, and renews the keys of tickets
    /// every hour.
    ///
    /// - Returns: Whether the files hold something else than before.
    /// - Throws: Which file cannot be used, and why; said once for each change of the files.
    public func reloadIfChanged() throws(TLSError) -> Bool {
        let identities = currentIdentities
        if current.withLock({ $0.identities != identities }) { return try reload() }
        let (material, made) = current.withLock { ($0.material, $0.made) }
        guard made.duration(to: .now) >= Self.rotation else { return false }
        let context = try TLSContext(material)
        current.withLock { current in
            guard current.material == material else { return }
            current.context = context
            current.made = .now
        }
        return false
    }

    private var currentIdentities: [SmallFile.Identity?] {
        let files = [certificateFile, keyFile] + (clientAuthoritiesFile.map { [$0] } ?? [])
        return files.map(SmallFile.identity)
    }

    private static func read(
        _ certificateFile: String,
        _ keyFile: String,
        _ clientAuthoritiesFile: String?
    ) throws(TLSError) -> TLSMaterial {
        TLSMaterial(
            certificateFile: certificateFile,
            keyFile: keyFile,
            clientAuthoritiesFile: clientAuthoritiesFile,
            certificate: try contents(certificateFile),
            key: try contents(keyFile),
            clientAuthorities: try clientAuthoritiesFile.map(contents)
        )
    }

    private static func contents(_ file: String) throws(TLSError) -> [UInt8] {
        do throws(SmallFile.Failure) {
            return try SmallFile.read(file, limitBytes: limitBytes).bytes
        } catch {
            throw .unreadable(file: file, reason: error.description)
        }
    }
}
