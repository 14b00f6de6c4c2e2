internal import CLaneLoops

/// The key of the noise that belongs to one observation under one seed.
///
/// The key is a hash of the seed and the observation's float32 bytes, so a draw depends neither
/// on the batch the observation came in nor on the replica that answers, and different
/// observations get independent noise.
public struct NoiseKey: Sendable, Hashable {
    /// The two words of a Philox key.
    public let words: SIMD2<UInt32>

    /// Hashes an observation under a seed: a chain of Philox blocks, two values a block.
    ///
    /// - Parameters:
    ///   - seed: The seed of the draws.
    ///   - observation: The flattened observation.
    public init(seed: UInt64, observation: some Collection<Float>) {
        let key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        var state = SIMD2<UInt32>(UInt32(truncatingIfNeeded: observation.count), 0x5eed)
        var pending: UInt32?
        for value in observation {
            // −0 and +0 are one observation.
            let word = value == 0 ? 0 : value.bitPattern
            guard let first = pending else {
                pending = word
                continue
            }
            let block = Philox4x32.block(
                counter: SIMD4(first, word, state[0], state[1]),
                key: key
            )
            state = SIMD2(block[0], block[1])
            pending = nil
        }
        let last = Philox4x32.block(
            counter: SIMD4(pending ?? 0, 0, state[0], state[1]),
            key: key
        )
        words = SIMD2(last[2], last[3])
    }

    /// The key of one place in a grid of draws, such as a step, a row and a repetition.
    public init(seed: UInt64, place: SIMD4<UInt32>) {
        let block = Philox4x32.block(
            counter: place,
            key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        )
        words = SIMD2(block[0], block[1])
    }
}

/// What kind of numbers a noise input holds; each kind has its own part of the counter space.
public enum NoiseKind: UInt32, Sendable, Hashable {
    /// Standard normals.
    case normal = 0
    /// Uniforms on the unit interval.
    case uniform = 1
}

extension LaneMemory {
    /// Fills rows with the noise of each lane's draw: value i of draw s of a key is a function of
    /// (key, s, i) alone.
    ///
    /// Philox 4×32-10 with counter (i / 4, kind, s low, s high). Normals come from the
    /// Box–Muller transform with 32-bit uniforms and lie within ±6.77.
    ///
    /// *Reference*: Salmon, Moraes, Dror, Shaw (2011), Parallel random numbers: as easy as
    /// 1, 2, 3; Box and Muller (1958), A note on the generation of random normal deviates.
    ///
    /// - Parameters:
    ///   - row: The first row to fill.
    ///   - count: Number of rows, the values of one draw.
    ///   - kind: What to draw.
    ///   - laneCount: Lanes that carry draws; the others repeat the last one.
    ///   - keyAndDraw: From lane to key and draw index.
    public mutating func fillNoise(
        into row: Int,
        count: Int,
        kind: NoiseKind,
        laneCount: Int,
        keyAndDraw: (Int) -> (key: NoiseKey, draw: UInt64)
    ) {
        check(row, count)
        precondition(laneCount > 0 && laneCount <= lanes, "\(laneCount) of \(lanes) lanes")
        let vectors = vectorsPerRow
        unsafe storage.withUnsafeMutableBytes { memory in
            guard let base = unsafe memory.assumingMemoryBound(to: SIMD8<Float>.self).baseAddress
            else { return }
            for vector in 0..<vectors {
                var counter = PhiloxLanes(kind: kind)
                for lane in 0..<8 {
                    let place = min(vector &* 8 &+ lane, laneCount &- 1)
                    let (key, draw) = keyAndDraw(place)
                    counter.set(lane: lane, key: key.words, draw: draw)
                }
                let target = unsafe base + (row &* vectors &+ vector)
                var index = 0
                while index < count {
                    counter.counter0 = SIMD8(repeating: UInt64(index / 4))
                    var values = counter.block()
                    if kind == .normal { values = values.mappedToNormals() }
                    unsafe target[index &* vectors] = values.first
                    if index &+ 1 < count {
                        unsafe target[(index &+ 1) &* vectors] = values.second
                    }
                    if index &+ 2 < count {
                        unsafe target[(index &+ 2) &* vectors] = values.third
                    }
                    if index &+ 3 < count {
                        unsafe target[(index &+ 3) &* vectors] = values.fourth
                    }
                    index &+= 4
                }
            }
        }
    }
}

/// Four uniforms of each lane.
private struct NoiseBlock {
    var first: SIMD8<Float>
    var second: SIMD8<Float>
    var third: SIMD8<Float>
    var fourth: SIMD8<Float>

    /// Two pairs through the Box–Muller transform.
    @inline(__always)
    func mappedToNormals() -> NoiseBlock {
        let minusTwo = SIMD8<Float>(repeating: -2)
        let r0 = (minusTwo * lane_log_8(first)).squareRoot()
        let r1 = (minusTwo * lane_log_8(third)).squareRoot()
        let (s0, c0) = (lane_sine_of_turns_8(second, 0), lane_sine_of_turns_8(second, 1))
        let (s1, c1) = (lane_sine_of_turns_8(fourth, 0), lane_sine_of_turns_8(fourth, 1))
        return NoiseBlock(first: r0 * c0, second: r0 * s0, third: r1 * c1, fourth: r1 * s1)
    }
}

/// Eight Philox generators side by side; every word stands in the low half of 64 bits, where the
/// full products are.
private struct PhiloxLanes {
    var counter0 = SIMD8<UInt64>.zero
    var counter1: SIMD8<UInt64>
    var counter2 = SIMD8<UInt64>.zero
    var counter3 = SIMD8<UInt64>.zero
    var key0 = SIMD8<UInt64>.zero
    var key1 = SIMD8<UInt64>.zero

    init(kind: NoiseKind) {
        counter1 = SIMD8(repeating: UInt64(kind.rawValue))
    }

    @inline(__always)
    mutating func set(lane: Int, key: SIMD2<UInt32>, draw: UInt64) {
        counter2[lane] = draw & 0xffff_ffff
        counter3[lane] = draw >> 32
        key0[lane] = UInt64(key[0])
        key1[lane] = UInt64(key[1])
    }

    @inline(__always)
    func block() -> NoiseBlock {
        let mask = SIMD8<UInt64>(repeating: 0xffff_ffff)
        let shift = SIMD8<UInt64>(repeating: 32)
        var x0 = counter0
        var x1 = counter1
        var x2 = counter2
        var x3 = counter3
        var k0 = key0
        var k1 = key1
        for _ in 0..<10 {
            let product0 = (x0 & mask) &* SIMD8(repeating: 0xd251_1f53)
            let product1 = (x2 & mask) &* SIMD8(repeating: 0xcd9e_8d57)
            x0 = (product1 &>> shift) ^ x1 ^ k0
            x1 = product1
            x2 = (product0 &>> shift) ^ x3 ^ k1
            x3 = product0
            k0 = (k0 &+ SIMD8(repeating: 0x9e37_79b9)) & mask
            k1 = (k1 &+ SIMD8(repeating: 0xbb67_ae85)) & mask
            x1 &= mask
            x3 &= mask
        }
        return NoiseBlock(
            first: unitInterval(x0 & mask),
            second: unitInterval(x1),
            third: unitInterval(x2 & mask),
            fourth: unitInterval(x3)
        )
    }
}

/// (word + ½) / 2³², rounded to nearest; the conversion goes through two exact halves.
@inline(__always)
private func unitInterval(_ words: SIMD8<UInt64>) -> SIMD8<Float> {
    let narrow = SIMD8<UInt32>(truncatingIfNeeded: words)
    let high = (narrow &>> SIMD8(repeating: 16)) | SIMD8(repeating: 0x5300_0000)
    let low = (narrow & SIMD8(repeating: 0xffff)) | SIMD8(repeating: 0x4b00_0000)
    // high stands for 2³⁹ + 2¹⁶ h, low for 2²³ + l.
    let highFloat = unsafe unsafeBitCast(high, to: SIMD8<Float>.self)
    let lowFloat = unsafe unsafeBitCast(low, to: SIMD8<Float>.self)
    let value = (highFloat - SIMD8(repeating: 549_764_202_496)) + lowFloat
    return SIMD8(repeating: 0x1p-33).addingProduct(value, SIMD8(repeating: 0x1p-32))
}
