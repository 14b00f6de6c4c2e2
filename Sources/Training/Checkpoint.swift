/// A training state as bytes, with the settings of the run it belongs to.
///
/// Little-endian: eight bytes of magic, the last of them the digit of the format's version; the
/// settings as pairs of texts; step, step in the epoch and its loss, losses, best epoch, seconds;
/// the weights, their average, both moments and the best weights as float32; and FNV-1a
/// over all bytes before it. Texts and arrays follow their count. Every number keeps its bits, so
/// a resumed run ends with the bytes of one that was never interrupted.
struct Checkpoint {
    /// The settings of the run, in a fixed order.
    var settings: [(name: String, value: String)]
    /// The state after a whole epoch.
    var state: TrainingState

    /// What a checkpoint of any version starts with.
    static let signature = Array("PSTCKPT".utf8)
    /// The version of the format; no other is read.
    static let version = 3

    /// Makes a checkpoint of a state.
    init(settings: [(name: String, value: String)], state: TrainingState) {
        self.settings = settings
        self.state = state
    }

    /// The bytes of the checkpoint.
    var bytes: [UInt8] {
        var writer = ByteWriter(bytes: Self.signature + Array("\(Self.version)".utf8))
        writer.append(UInt64(settings.count))
        for setting in settings {
            writer.append(text: setting.name)
            writer.append(text: setting.value)
        }
        writer.append(UInt64(state.adam.step))
        writer.append(UInt64(state.epochStep))
        writer.append(state.epochLoss.bitPattern)
        writer.append(doubles: state.trainingLosses)
        writer.append(doubles: state.validationLosses)
        writer.append(UInt64(state.best?.epoch ?? 0))
        writer.append((state.best?.validationLoss ?? 0).bitPattern)
        writer.append(state.seconds.bitPattern)
        writer.append(floats: state.adam.parameters)
        writer.append(floats: state.adam.average)
        writer.append(floats: state.adam.firstMoment)
        writer.append(floats: state.adam.secondMoment)
        writer.append(floats: state.bestParameters)
        var digest = FowlerNollVo()
        digest.combine(bytes: writer.bytes)
        writer.append(digest.value)
        return writer.bytes
    }

    /// Reads the bytes of a checkpoint.
    ///
    /// - Throws: `TrainingError.checkpointVersion` when they are of another version of the format,
    ///   `TrainingError.damagedCheckpoint` when they are not what `bytes` gives.
    init(bytes: [UInt8]) throws(TrainingError) {
        let headerCount = Self.signature.count + 1
        guard bytes.count >= headerCount + 8, bytes.starts(with: Self.signature) else {
            throw .damagedCheckpoint(
                "it does not start with \(String(decoding: Self.signature, as: UTF8.self))"
            )
        }
        let version = Int(bytes[headerCount - 1]) - Int(UInt8(ascii: "0"))
        guard version == Self.version else {
            throw .checkpointVersion(found: version, expected: Self.version)
        }
        let body = bytes.dropLast(8)
        var digest = FowlerNollVo()
        digest.combine(bytes: body)
        var trailer = ByteReader(bytes: bytes, offset: bytes.count - 8)
        guard try trailer.integer() == digest.value else {
            throw .damagedCheckpoint("its checksum is wrong")
        }
        var reader = ByteReader(bytes: Array(body), offset: headerCount)
        settings = []
        for _ in 0..<(try reader.count(ofSize: 16)) {
            settings.append((name: try reader.text(), value: try reader.text()))
        }
        let step = Int(truncatingIfNeeded: try reader.integer())
        let epochStep = Int(truncatingIfNeeded: try reader.integer())
        let epochLoss = Double(bitPattern: try reader.integer())
        let trainingLosses = try reader.doubles()
        let validationLosses = try reader.doubles()
        let bestEpoch = Int(truncatingIfNeeded: try reader.integer())
        let bestLoss = Double(bitPattern: try reader.integer())
        let seconds = Double(bitPattern: try reader.integer())
        let parameters = try reader.floats()
        let average = try reader.floats()
        let firstMoment = try reader.floats()
        let secondMoment = try reader.floats()
        let bestParameters = try reader.floats()
        let counts = Set(
            [parameters, average, firstMoment, secondMoment, bestParameters].map(\.count)
        )
        guard counts.count == 1, trainingLosses.count == validationLosses.count, reader.isAtEnd
        else { throw .damagedCheckpoint("its parts do not fit each other") }
        state = TrainingState(parameters: parameters)
        state.adam = Adam(
            parameters: parameters,
            average: average,
            firstMoment: firstMoment,
            secondMoment: secondMoment,
            step: step
        )
        state.bestParameters = bestParameters
        state.best =
            bestEpoch > 0 ? BestEpoch(epoch: bestEpoch, validationLoss: bestLoss) : nil
        state.trainingLosses = trainingLosses
        state.validationLosses = validationLosses
        state.epochStep = epochStep
        state.epochLoss = epochLoss
        state.seconds = seconds
    }

    /// Checks that the checkpoint belongs to a run with these settings.
    ///
    /// - Throws: `TrainingError.otherRun` naming the first setting that differs.
    func check(settings run: [(name: String, value: String)]) throws(TrainingError) {
        guard settings.map(\.name) == run.map(\.name) else {
            throw .damagedCheckpoint("it was written by another version of the trainer")
        }
        for (own, other) in zip(settings, run) where own.value != other.value {
            throw .otherRun(setting: own.name, checkpoint: own.value, run: other.value)
        }
    }
}

/// Appends numbers and texts to bytes.
private struct ByteWriter {
    /// What was written.
    var bytes: [UInt8]

    /// Appends eight bytes.
    mutating func append(_ value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Appends the count and the UTF-8 bytes of a text.
    mutating func append(text: String) {
        append(UInt64(text.utf8.count))
        bytes += text.utf8
    }

    /// Appends the count and the bits of numbers.
    mutating func append(doubles values: [Double]) {
        append(UInt64(values.count))
        for value in values { append(value.bitPattern) }
    }

    /// Appends the count and the bits of numbers, four bytes each.
    mutating func append(floats values: [Float]) {
        append(UInt64(values.count))
        bytes.reserveCapacity(bytes.count + 4 * values.count)
        for value in values {
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
            }
        }
    }
}

/// Takes numbers and texts from bytes.
private struct ByteReader {
    /// What is read.
    let bytes: [UInt8]
    /// Where the next value starts.
    var offset: Int

    /// Whether every byte was read.
    var isAtEnd: Bool { offset == bytes.count }

    /// The next bytes.
    mutating func take(_ count: Int) throws(TrainingError) -> ArraySlice<UInt8> {
        guard offset >= 0, count >= 0, count <= bytes.count - offset else {
            throw .damagedCheckpoint("it ends at byte \(bytes.count)")
        }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    /// The next eight bytes.
    mutating func integer() throws(TrainingError) -> UInt64 {
        try take(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A count of entries that fit into what is left.
    mutating func count(ofSize size: Int) throws(TrainingError) -> Int {
        let count = try integer()
        guard count <= UInt64(max(bytes.count - offset, 0) / size) else {
            throw .damagedCheckpoint("it claims \(count) entries at byte \(offset)")
        }
        return Int(count)
    }

    /// A text.
    mutating func text() throws(TrainingError) -> String {
        String(decoding: try take(try count(ofSize: 1)), as: UTF8.self)
    }

    /// Numbers of eight bytes.
    mutating func doubles() throws(TrainingError) -> [Double] {
        let count = try count(ofSize: 8)
        var values: [Double] = []
        for _ in 0..<count { values.append(Double(bitPattern: try integer())) }
        return values
    }

    /// Numbers of four bytes.
    mutating func floats() throws(TrainingError) -> [Float] {
        let words = try take(4 * (try count(ofSize: 4)))
        return stride(from: words.startIndex, to: words.endIndex, by: 4).map { start in
            Float(
                bitPattern: words[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
            )
        }
    }
}
