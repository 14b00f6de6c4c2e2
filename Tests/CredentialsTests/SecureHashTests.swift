import Credentials
import Testing

@Suite struct SecureHashTests {
    /// FIPS 180-2, appendix B.
    @Test(arguments: [
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `the examples of the standard come out`(message: String, digest: String) {
        let bytes = SecureHash.sha256(Array(message.utf8))
        let text = bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        #expect(text == digest)
    }

    @Test func `what differs in one bit or in length is told apart`() {
        let digest = SecureHash.sha256([1, 2, 3])
        #expect(SecureHash.areEqual(digest, digest))
        #expect(SecureHash.areEqual([], []))
        #expect(!SecureHash.areEqual(digest, digest + [0]))
        #expect(!SecureHash.areEqual(digest, Array(digest.dropLast())))
        for bit in 0..<256 {
            var other = digest
            other[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!SecureHash.areEqual(digest, other), "bit \(bit)")
        }
    }
}
