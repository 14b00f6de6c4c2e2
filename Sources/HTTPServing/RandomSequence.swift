/// Numbers that do not repeat, from a random start; nothing secret hangs on them.
///
/// *Reference*: Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators.
struct RandomSequence {
    private var count = UInt64.random(in: 0...UInt64.max)

    mutating func next() -> UInt64 {
        count &+= 0x9E37_79B9_7F4A_7C15
        var bits = count
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }
}
