import Credentials
import OperatingSystem
import PosteriorAPI
import Synchronization

/// Where the keys come from: a file, which may change while the server runs, or the settings.
final class KeySource: Sendable {
    private let path: String
    private let access: AccessControl
    private let identity: Mutex<SmallFile.Identity?>

    /// The keys of the settings, and who looks after them if they are in a file.
    ///
    /// - Throws: `Failure` that says what is wrong with them.
    static func load(
        _ settings: ServerSettings
    ) throws(Failure) -> (access: AccessControl, source: KeySource?) {
        switch (settings.apiKeys, settings.apiKeyRing) {
        case (nil, nil): return (AccessControl(), nil)
        case (_?, _?):
            throw Failure("--api-keys and POSTERIOR_SERVER_API_KEY_RING exclude each other.")
        case (nil, let document?):
            do throws(KeyRing.Failure) {
                return (AccessControl(try KeyRing(parsing: Array(document.utf8))), nil)
            } catch {
                throw Failure("POSTERIOR_SERVER_API_KEY_RING: \(error).")
            }
        case (let path?, nil):
            let identity = SmallFile.identity(of: path)
            let access = AccessControl(try read(path))
            return (access, KeySource(path: path, access: access, identity: identity))
        }
    }

    private init(path: String, access: AccessControl, identity: SmallFile.Identity?) {
        self.path = path
        self.access = access
        self.identity = Mutex(identity)
    }

    /// Reads the file if it is another than before; a bad one leaves the keys as they are.
    ///
    /// - Parameter always: Whether to read it though it looks the same.
    /// - Returns: Whether it was read; nil when there was no need to.
    /// - Throws: What is wrong with the file.
    func reload(always: Bool) throws(Failure) -> Bool {
        let new = SmallFile.identity(of: path)
        let hasChanged = identity.withLock { identity in
            defer { identity = new }
            return identity != new
        }
        guard hasChanged || always else { return false }
        access.replace(try Self.read(path))
        return true
    }

    private static func read(_ path: String) throws(Failure) -> KeyRing {
        let contents: SmallFile.Contents
        do throws(SmallFile.Failure) {
            contents = try SmallFile.read(path, limitBytes: KeyRing.limitBytes)
        } catch {
            throw Failure("The key file \(path) \(error).")
        }
        guard contents.permissions & 0o007 == 0 else {
            throw Failure("The key file \(path) may be read by anybody; chmod o= \(path).")
        }
        do throws(KeyRing.Failure) {
            return try KeyRing(parsing: contents.bytes)
        } catch {
            throw Failure("The key file \(path): \(error).")
        }
    }
}
