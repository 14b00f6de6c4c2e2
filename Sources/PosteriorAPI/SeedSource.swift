import Synchronization

/// The seeds of requests that bring none: different ones, without a system call for each.
///
/// They are scrambled counts from a random start. Nothing secret hangs on a seed, which every
/// answer tells.
///
/// *Reference*: Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators.
final class SeedSource: Sendable {
    /// The source of all requests.
    static let shared = SeedSource()

    private let count = Atomic(UInt64.random(in: 0...UInt64.max))

    /// A seed below 2⁵³, which readers that hold numbers as `Double` can send back unchanged.
    func next() -> UInt64 {
        let increment: UInt64 = 0x9E37_79B9_7F4A_7C15
        var bits = count.wrappingAdd(increment, ordering: .relaxed).newValue
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return (bits ^ bits >> 31) >> 11
    }
}
