import ArgumentParser
import Credentials
import OperatingSystem
import StrictJSON

/// Makes an API key.
struct MakeKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make-key",
        abstract: "Make an API key and print it, once.",
        discussion: """
            The key file keeps a salted hash and not the key. A server that uses the file knows the \
            key within seconds.

              posterior-server make-key alice --scope infer --file keys.json
              posterior-server --api-keys keys.json
              curl -H "Authorization: Bearer KEY" http://127.0.0.1:8080/v1/models
            """
    )

    @Argument(help: "What the key is called in logs: letters, digits, dots and dashes.")
    var name: String

    @Option(
        help: ArgumentHelp(
            "What it may be used for, also more than once: infer, admin or metrics.",
            valueName: "scope"
        )
    )
    var scope: [String] = []

    @Option(
        help: ArgumentHelp("After how many days it ends; never, if left out.", valueName: "days")
    )
    var days: Int?

    @Option(
        help: ArgumentHelp(
            "The key file to add it to, made if it is not there; else its entry is printed, too.",
            valueName: "file"
        )
    )
    var file: String?

    func validate() throws {
        guard KeyEntry.isName(name) else {
            throw ValidationError("\(name.debugDescription): expected 1 to 64 of A-Z a-z 0-9 . _ -")
        }
        for scope in scope where Scope(rawValue: scope) == nil {
            let all = Scope.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--scope \(scope.debugDescription): expected one of \(all)")
        }
        if let days, !(1...36_500).contains(days) {
            throw ValidationError("--days \(days): expected 1 to 36500")
        }
    }

    func run() throws {
        let scopes = Set(scope.compactMap(Scope.init(rawValue:)))
        let (key, entry) = KeyEntry.make(
            name: name,
            scopes: scopes.isEmpty ? [.infer] : scopes,
            expiry: days.map { WallClock.seconds + $0 * 86_400 }
        )
        guard let file else {
            print(key)
            var writer = JSONWriter()
            entry.write(to: &writer)
            print(String(decoding: writer.finish(), as: UTF8.self))
            return
        }
        let entries = try Self.entries(in: file)
        guard !entries.contains(where: { $0.name == name }) else {
            throw Failure(
                "\(file) has a key named \(name) already; names tell keys apart in logs."
            )
        }
        guard entries.count < KeyRing.limit else {
            throw Failure("\(file) has \(KeyRing.limit) keys already, which is the most.")
        }
        do throws(SmallFile.Failure) {
            let ring = KeyRing(entries + [entry])
            try SmallFile.write(ring.document, to: file, permissions: 0o600)
        } catch {
            throw Failure("The key file \(file) \(error).")
        }
        print(key)
    }

    /// The entries of a key file; none if it is not there.
    private static func entries(in path: String) throws(Failure) -> [KeyEntry] {
        guard SmallFile.identity(of: path) != nil else { return [] }
        let contents: SmallFile.Contents
        do throws(SmallFile.Failure) {
            contents = try SmallFile.read(path, limitBytes: KeyRing.limitBytes)
        } catch {
            throw Failure("The key file \(path) \(error).")
        }
        do throws(KeyRing.Failure) {
            return try KeyRing(parsing: contents.bytes).entries
        } catch {
            throw Failure("The key file \(path): \(error).")
        }
    }
}
