import StrictJSON
import TestSupport
import Testing

@Suite struct JSONFuzzTests {
    private static let corpus = [
        #"{"observations":[[1,2.5,-3e2],[0.1,1e400,7]],"num_samples":10,"seed":18446744073709551615}"#,
        #"{"a":{"b":[[[]],{},"é\uD834\uDD1E\n",true,false,null,[1,"x",[2,3]]]},"":-0.0}"#,
        #"[[[1e-5,0],[1,2]],[[3,4],["a"]],{"k":"v"}]"#,
        "[1,2,3,4,5,6,7,8,9,10,1.00000005960464477539062500000000001,-1e-400]",
    ]

    private static let fragments: [[UInt8]] =
        [
            "[", "]", "{", "}", ",", ":", "\"", "\\", "\\u", "\\uD800", "e", "E", "+", "-", ".",
            "0",
            "9", "null", "true", "NaN", "Infinity", " ", "\n", "\u{0}", "\u{FEFF}", "1e999", "[[[[",
            "\"a\":", "é", "99999999999999999999",
        ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90]]

    /// Whatever comes in, the parser answers, and what it accepts can be walked to the end.
    @Test func `mutated documents never trap, and accepted ones survive a walk`() {
        var random = SeededGenerator(seed: 21)
        var accepted = 0
        for _ in 0..<400_000 {
            var text = Array((Self.corpus.randomElement(using: &random) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                mutate(&text, &random)
            }
            guard let root = try? JSONDocument(parsing: text).root else { continue }
            accepted += 1
            var budget = 10_000
            walk(root, &budget)
        }
        // Some mutations leave a document valid; else the walk would test nothing.
        #expect(accepted > 10_000)
    }

    private func mutate(_ text: inout [UInt8], _ random: inout SeededGenerator) {
        let place = Int.random(in: 0...text.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0 where place < text.count:
            text[place] = UInt8.random(in: 0...255, using: &random)
        case 1 where place < text.count:
            text.remove(at: place)
        case 2:
            text.removeLast(text.count - place)
        case 3:
            let end = min(text.count, place + Int.random(in: 0...12, using: &random))
            text.insert(contentsOf: Array(text[place..<end]), at: place)
        default:
            text.insert(contentsOf: Self.fragments.randomElement(using: &random) ?? [], at: place)
        }
    }

    private func walk(_ value: JSONValue, _ budget: inout Int) {
        budget -= 1
        guard budget > 0 else { return }
        _ = value.text
        _ = value.summary
        _ = value.string
        _ = value.float
        _ = value.double
        _ = value.integer(as: Int32.self)
        var floats: [Float] = []
        try? value.appendFloats(to: &floats)
        _ = try? value.doubles()
        for element in value.elements {
            walk(element, &budget)
        }
        for member in value.members {
            walk(member.value, &budget)
        }
    }
}
