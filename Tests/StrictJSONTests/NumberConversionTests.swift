import StrictJSON
import TestSupport
import Testing

@Suite struct NumberConversionTests {
    private static func value(_ text: String) throws -> JSONValue {
        try JSONDocument(parsing: Array(text.utf8)).root
    }

    /// Texts whose rounding has gone wrong in real parsers, and the ends of the ranges.
    static let hardTexts = [
        "0", "-0", "1", "0.1", "0.3", "16777217", "16777216.999999999999999", "9007199254740993",
        // Ties of float32, one digit above and below them, and ties seen through float64.
        "1.00000005960464477539062499999999999", "1.000000059604644775390625",
        "1.00000005960464477539062500000000001", "1.00000017881393432617187499",
        "1.000000178813934326171875", "1.000000178813934326171875000000000000000000001",
        "3.4028234663852886e38", "3.4028235677973366e38",
        "3.40282356779733661637539395458142568447e38",
        "3.402823567797336616375393954581425684e38", "3.5e38", "1e39", "1e400", "-1e400",
        "1.1754943508222875e-38", "1.1754942807573643e-38", "1.401298464324817e-45",
        "7.006492321624085e-46", "7.006492321624086e-46", "7.0064923216240853e-46",
        "7.0064923216240854e-46", "1e-46", "1e-400", "2.2250738585072011e-308",
        "2.2250738585072014e-308", "4.9406564584124654e-324", "2.4703282292062327e-324",
        "2.4703282292062328e-324", "1.7976931348623157e308", "1.7976931348623158e308",
        "1.7976931348623159e308", "123456789012345678901234567890", "0.000000000000000000000001",
        "1e99999999999999999999", "1e-99999999999999999999", "0e99999999999999999999",
    ]

    @Test(arguments: hardTexts)
    func `hard texts round as the standard library rounds them`(text: String) throws {
        let value = try Self.value(text)
        let double = try #require(Double(text) ?? (text.contains("-9") ? 0 : nil))
        #expect(value.double?.bitPattern == double.bitPattern, "\(text)")
        let float = try #require(Float(text) ?? (text.contains("-9") ? 0 : nil))
        #expect(value.float?.bitPattern == float.bitPattern, "\(text)")
    }

    @Test func `digits far behind the point decide a tie`() throws {
        let tie = "1.000000059604644775390625"
        let zeros = String(repeating: "0", count: 2000)
        #expect(try Self.value(tie + zeros).float == 1)
        #expect(try Self.value(tie + zeros + "1").float == Float(1).nextUp)
        #expect(try Self.value("0." + zeros + "1e2001").float == 1)
        #expect(try Self.value("1" + zeros + "e-2000").double == 1)
        let doubleTie = "1.00000000000000011102230246251565404236316680908203125"
        #expect(try Self.value(doubleTie + zeros).double == 1)
        #expect(try Self.value(doubleTie + zeros + "1").double == 1.0.nextUp)
    }

    @Test func `random decimals round as the standard library rounds them`() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<200_000 {
            let digits = Int.random(in: 1...25, using: &random)
            var text = Bool.random(using: &random) ? "-" : ""
            text += String(Int.random(in: 1...9, using: &random)) + "."
            for _ in 0..<digits {
                text += String(Int.random(in: 0...9, using: &random))
            }
            text += "e\(Int.random(in: -50...42, using: &random))"
            let value = try Self.value(text)
            let (float, double) = try #require((Float(text), Double(text)) as? (Float, Double))
            if value.float?.bitPattern != float.bitPattern
                || value.double?.bitPattern != double.bitPattern
            {
                Issue.record("\(text): \(value.float ?? .nan), not \(float)")
                return
            }
        }
    }

    /// Texts that lie next to a tie of two floats, where rounding twice would go wrong.
    @Test func `decimals next to ties of float32 are rounded once`() throws {
        var random = SeededGenerator(seed: 12)
        for _ in 0..<100_000 {
            let below = Float(
                bitPattern: UInt32.random(in: 0x0080_0000..<0x7F00_0000, using: &random)
            )
            let tie = (Double(below) + Double(below.nextUp)) / 2
            let text = [tie.nextDown, tie, tie.nextUp].randomElement(using: &random) ?? tie
            // Seventeen digits name the double; more digits move off it.
            for suffixed in ["\(text)", "\(text)".replacingExponent(with: "00000000001")] {
                let value = try Self.value(suffixed).float
                if value?.bitPattern != Float(suffixed)?.bitPattern {
                    Issue.record("\(suffixed): \(value ?? .nan), seed 12")
                    return
                }
            }
        }
    }

    @Test func `floats are written as short as the standard library and read back`() throws {
        var random = SeededGenerator(seed: 13)
        var values: [Float] = [
            0, -0.0, 1, -1, 0.5, 0.1, 1e9, 1e10, 999_999_936, 123_456_792, 16_777_216, 1e-4, 1e-5,
            .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNormalMagnitude,
            .leastNonzeroMagnitude, .pi, 1e20, 1.5e-7, 100, 1234.5, 0.001,
        ]
        // Every power of two, whose lower neighbour is nearer, and its neighbours.
        for exponent in UInt32(0)...254 {
            let power = Float(bitPattern: exponent << 23)
            values += [power, power.nextUp, power.nextDown]
        }
        while values.count < 1_500_000 {
            let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
            if value.isFinite {
                values.append(value)
            }
        }
        var writer = JSONWriter()
        writer.numbers(values.span)
        let root = try JSONDocument(parsing: writer.finish()).root
        var read: [Float] = []
        try root.appendFloats(to: &read)
        #expect(read.count == values.count)
        var different = 0
        for (index, element) in root.elements.enumerated() {
            let text = String(decoding: element.text, as: UTF8.self)
            if read[index].bitPattern != values[index].bitPattern
                || Float(text)?.bitPattern != values[index].bitPattern
                || significantDigits(text) != significantDigits(values[index].description)
            {
                different += 1
                if different < 10 {
                    Issue.record("\(values[index]) was written as \(text), seed 13")
                }
            }
        }
        #expect(different == 0)
    }

    @Test(arguments: [
        (Float(0), "0.0"), (-0.0, "-0.0"), (1, "1.0"), (100, "100.0"), (12.5, "12.5"),
        (0.001, "0.001"), (0.0001, "0.0001"), (0.000_01, "1e-5"), (1.5e-7, "1.5e-7"),
        (123_456_792, "123456790.0"), (1e9, "1e9"), (1e20, "1e20"), (-1.25, "-1.25"),
        (3.402_823_5e38, "3.4028235e38"), (.nan, "null"), (.infinity, "null"),
    ])
    func `floats have the documented form`(value: Float, expected: String) {
        var writer = JSONWriter()
        writer.number(value)
        #expect(String(decoding: writer.finish(), as: UTF8.self) == expected)
    }

    /// The digits without sign, point, exponent and zeros at either end.
    private func significantDigits(_ text: String) -> String {
        let mantissa = text.prefix { $0 != "e" }.filter { $0.isNumber }
        let leading = mantissa.drop { $0 == "0" }
        guard let last = leading.lastIndex(where: { $0 != "0" }) else { return "" }
        return String(leading[...last])
    }
}

extension String {
    /// Puts digits between the mantissa and the exponent.
    fileprivate func replacingExponent(with digits: String) -> String {
        let mantissa = prefix { $0 != "e" }
        return mantissa + (mantissa.contains(".") ? "" : ".") + digits
            + dropFirst(mantissa.count)
    }
}
