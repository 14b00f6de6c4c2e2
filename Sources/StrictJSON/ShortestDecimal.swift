/// The shortest decimal that reads back as a given `Float`: digits · 10^exponent.
///
/// Among the shortest decimals inside the rounding interval of the value, the one nearest to it.
///
/// *Reference*: Giulietti (2020), The Schubfach way to render doubles; the reduction to 32 bits
/// follows section 9, with 64-bit powers of ten.
struct ShortestDecimal {
    /// At most nine digits, perhaps with zeros at their end; zero for zero.
    let digits: UInt32
    let exponent: Int

    /// Finds the shortest decimal of the magnitude of a finite value.
    ///
    /// - Parameters:
    ///   - value: A finite value.
    ///   - powers: `powersOfTen`, held by callers for the length of their loops.
    @inline(__always)
    init(magnitudeOf value: Float, powers: Span<UInt64>) {
        (digits, exponent) = Self.shortest(value, powers)
    }

    /// A decimal of the least length, with or without zeros at its end.
    @inline(__always)
    private static func shortest(
        _ value: Float,
        _ powers: Span<UInt64>
    ) -> (digits: UInt32, exponent: Int) {
        let fraction = value.bitPattern & 0x7F_FFFF
        let biasedExponent = Int(value.bitPattern >> 23 & 0xFF)
        let significand = biasedExponent == 0 ? fraction : fraction | 0x80_0000
        let binaryExponent = max(biasedExponent, 1) - 150
        if significand == 0 {
            return (0, 0)
        }
        // Whole numbers below 2²⁴ are their own shortest decimal.
        if binaryExponent <= 0 && binaryExponent > -24
            && significand & (1 << UInt32(-binaryExponent) - 1) == 0
        {
            return (significand >> UInt32(-binaryExponent), 0)
        }
        // The value times four, and the ends of its rounding interval; a power of two has a
        // lower neighbour that is half as far away.
        // Nothing here overflows: products stay below 2³², exponents below 150.
        let isLowerCloser = fraction == 0 && biasedExponent > 1
        let center = 4 &* significand
        let lower = center &- (isLowerCloser ? 1 : 2)
        let upper = center &+ 2
        let decimalExponent =
            (binaryExponent &* 1_262_611 &- (isLowerCloser ? 524_031 : 0)) &>> 22
        let scale = (0 &- decimalExponent &* 1_741_647) &>> 19
        let shift = UInt32(truncatingIfNeeded: binaryExponent &+ scale &+ 1)
        let power = powers[31 &- decimalExponent]
        let scaledCenter = roundToOdd(power, center &<< shift)
        // An even significand owns the ends of its interval, since ties round to it.
        let inset: UInt32 = significand & 1
        let scaledLower = roundToOdd(power, lower &<< shift) &+ inset
        let scaledUpper = roundToOdd(power, upper &<< shift) &- inset

        // One digit less, if exactly one of the two neighbours lies inside.
        let floor = scaledCenter / 4
        let tens = floor / 10
        let isTensInside = scaledLower <= 40 &* tens
        let isNextTensInside = 40 &* tens &+ 40 <= scaledUpper
        let isShorter = isTensInside != isNextTensInside && floor >= 10
        let isFloorInside = scaledLower <= 4 &* floor
        let isNextInside = 4 &* floor &+ 4 <= scaledUpper
        // Nearest, ties to even, unless only one is inside.
        let isAboveMiddle = scaledCenter & 3 &+ floor & 1 > 2
        let isRoundedUp = isFloorInside != isNextInside ? isNextInside : isAboveMiddle
        return (
            isShorter ? tens &+ (isNextTensInside ? 1 : 0) : floor &+ (isRoundedUp ? 1 : 0),
            isShorter ? decimalExponent &+ 1 : decimalExponent
        )
    }

    /// The upper 32 bits of a 96-bit product, with the lowest set if anything was cut off.
    @inline(__always)
    private static func roundToOdd(_ power: UInt64, _ factor: UInt32) -> UInt32 {
        let product = power.multipliedFullWidth(by: UInt64(factor))
        return UInt32(truncatingIfNeeded: product.high) | (product.low >> 32 > 1 ? 1 : 0)
    }

    /// ⌊10ᵏ · 2^(63 − ⌊log₂ 10ᵏ⌋)⌋ + 1 for k in −31...45, in order of k.
    static let powersOfTen: [UInt64] = [
        0x81CE_B32C_4B43_FCF5, 0xA242_5FF7_5E14_FC32, 0xCAD2_F7F5_359A_3B3F, 0xFD87_B5F2_8300_CA0E,
        0x9E74_D1B7_91E0_7E49, 0xC612_0625_7658_9DDB, 0xF796_87AE_D3EE_C552, 0x9ABE_14CD_4475_3B53,
        0xC16D_9A00_9592_8A28, 0xF1C9_0080_BAF7_2CB2, 0x971D_A050_74DA_7BEF, 0xBCE5_0864_9211_1AEB,
        0xEC1E_4A7D_B695_61A6, 0x9392_EE8E_921D_5D08, 0xB877_AA32_36A4_B44A, 0xE695_94BE_C44D_E15C,
        0x901D_7CF7_3AB0_ACDA, 0xB424_DC35_095C_D810, 0xE12E_1342_4BB4_0E14, 0x8CBC_CC09_6F50_88CC,
        0xAFEB_FF0B_CB24_AAFF, 0xDBE6_FECE_BDED_D5BF, 0x8970_5F41_36B4_A598, 0xABCC_7711_8461_CEFD,
        0xD6BF_94D5_E57A_42BD, 0x8637_BD05_AF6C_69B6, 0xA7C5_AC47_1B47_8424, 0xD1B7_1758_E219_652C,
        0x8312_6E97_8D4F_DF3C, 0xA3D7_0A3D_70A3_D70B, 0xCCCC_CCCC_CCCC_CCCD, 0x8000_0000_0000_0001,
        0xA000_0000_0000_0001, 0xC800_0000_0000_0001, 0xFA00_0000_0000_0001, 0x9C40_0000_0000_0001,
        0xC350_0000_0000_0001, 0xF424_0000_0000_0001, 0x9896_8000_0000_0001, 0xBEBC_2000_0000_0001,
        0xEE6B_2800_0000_0001, 0x9502_F900_0000_0001, 0xBA43_B740_0000_0001, 0xE8D4_A510_0000_0001,
        0x9184_E72A_0000_0001, 0xB5E6_20F4_8000_0001, 0xE35F_A931_A000_0001, 0x8E1B_C9BF_0400_0001,
        0xB1A2_BC2E_C500_0001, 0xDE0B_6B3A_7640_0001, 0x8AC7_2304_89E8_0001, 0xAD78_EBC5_AC62_0001,
        0xD8D7_26B7_177A_8001, 0x8786_7832_6EAC_9001, 0xA968_163F_0A57_B401, 0xD3C2_1BCE_CCED_A101,
        0x8459_5161_4014_84A1, 0xA56F_A5B9_9019_A5C9, 0xCECB_8F27_F420_0F3B, 0x813F_3978_F894_0985,
        0xA18F_07D7_36B9_0BE6, 0xC9F2_C9CD_0467_4EDF, 0xFC6F_7C40_4581_2297, 0x9DC5_ADA8_2B70_B59E,
        0xC537_1912_364C_E306, 0xF684_DF56_C3E0_1BC7, 0x9A13_0B96_3A6C_115D, 0xC097_CE7B_C907_15B4,
        0xF0BD_C21A_BB48_DB21, 0x9676_9950_B50D_88F5, 0xBC14_3FA4_E250_EB32, 0xEB19_4F8E_1AE5_25FE,
        0x92EF_D1B8_D0CF_37BF, 0xB7AB_C627_0503_05AE, 0xE596_B7B0_C643_C71A, 0x8F7E_32CE_7BEA_5C70,
        0xB35D_BF82_1AE4_F38C,
    ]
}
