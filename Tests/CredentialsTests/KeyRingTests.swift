import Credentials
import StrictJSON
import Testing

@Suite struct KeyRingTests {
    /// `printf saltpsk_secret | sha256sum`, the salt being the four bytes "salt".
    static let golden = """
        {"keys": [{"name": "golden", "scopes": ["infer", "metrics"], "salt": "73616c74",
          "sha256": "00d20364fa3bd2bfe43cd4b0bc96bffa5dfc8b9678ed376265393e6607884456"}]}
        """

    @Test func `a key is known by its salted hash`() throws {
        let ring = try KeyRing(parsing: Array(Self.golden.utf8))
        let entry = try #require(ring.entry(of: "psk_secret", at: 0))
        #expect(entry.name == "golden")
        #expect(entry.scopes == [.infer, .metrics])
        for wrong in ["", "psk_secre", "psk_secret ", "PSK_SECRET", "saltpsk_secret"] {
            #expect(ring.entry(of: wrong, at: 0) == nil)
        }
    }

    @Test func `keys that are made are long, different, and known after a round trip`() throws {
        let made = (0..<3).map { KeyEntry.make(name: "key-\($0)", scopes: [.admin]) }
        #expect(Set(made.map(\.key)).count == 3)
        let ring = try KeyRing(parsing: KeyRing(made.map(\.entry)).document)
        #expect(ring == KeyRing(made.map(\.entry)))
        for (key, entry) in made {
            #expect(key.hasPrefix("psk_") && key.utf8.count == 68)
            #expect(ring.entry(of: key, at: 0) == entry)
            #expect(!String(decoding: ring.document, as: UTF8.self).contains(key.dropFirst(4)))
        }
    }

    @Test func `a key ends when it says`() {
        let (key, entry) = KeyEntry.make(name: "short", scopes: [.infer], expiry: 100)
        let ring = KeyRing([entry])
        #expect(ring.entry(of: key, at: 99) == entry)
        #expect(ring.entry(of: key, at: 100) == nil)
    }

    @Test(arguments: [
        ("", "not valid JSON"), ("[]", "expected an object"), ("{}", "keys is missing"),
        (#"{"keys": []}"#, "expected 1 to 256 keys"),
        (#"{"keys": [{}]}"#, "keys[0].name is missing"),
        (#"{"keys": [], "more": 1}"#, "more is not a known field"),
        (#"{"keys": [{"name": "a b", "scopes": []}]}"#, "keys[0].name: expected 1 to 64"),
        (#"{"keys": [{"name": "a", "scopes": []}]}"#, "keys[0].scopes: expected at least one"),
        (#"{"keys": [{"name": "a", "scopes": ["root"]}]}"#, "keys[0].scopes[0]: expected infer"),
        (
            #"{"keys": [{"name": "a", "scopes": ["infer"], "salt": "0g", "sha256": ""}]}"#,
            "keys[0].salt: expected hexadecimal"
        ),
        (
            #"{"keys": [{"name": "a", "scopes": ["infer"], "salt": "00", "sha256": "00"}]}"#,
            "keys[0].sha256: expected 64"
        ),
        (
            #"{"keys": [{"name": "a", "scopes": ["infer"], "salt": "00", "key": "psk_x"}]}"#,
            "keys[0].key is not a known field"
        ),
    ])
    func `a bad document is refused by the name of the field`(text: String, reason: String) {
        #expect {
            try KeyRing(parsing: Array(text.utf8))
        } throws: { error in
            "\(error)".contains(reason)
        }
    }
}
