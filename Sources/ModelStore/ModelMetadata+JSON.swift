import StrictJSON

extension VariableDescription {
    /// The most entries that theta or x may have.
    private static let entryLimit = 1 << 24

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("shape")
        writer.integers(shape)
        if let names {
            writer.key("names")
            writer.strings(names)
        }
        if let units {
            writer.key("units")
            writer.strings(units)
        }
        writer.endObject()
    }

    init(_ field: JSONField) throws(JSONFieldError) {
        let fields = try field.object()
        let shapeField = try fields.required("shape", expected: "a list of positive integers")
        shape = try shapeField.integers(in: 1...Self.entryLimit)
        var count = 1
        for extent in shape {
            // Each factor is at most 2²⁴, so a product of two fits.
            count *= extent
            guard count <= Self.entryLimit else {
                throw shapeField.mismatch("at most \(Self.entryLimit) entries")
            }
        }
        guard !shape.isEmpty else { throw shapeField.mismatch("at least one axis") }
        names = try Self.labels("names", count: count, fields)
        units = try Self.labels("units", count: count, fields)
    }

    private static func labels(
        _ name: String,
        count: Int,
        _ fields: JSONFields
    ) throws(JSONFieldError) -> [String]? {
        guard let field = fields.optional(name) else { return nil }
        let labels = try field.strings()
        guard labels.count == count else { throw field.mismatch("\(count) strings") }
        return labels
    }
}

extension TrainingRecord {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.optional("task", task)
        writer.optional("data_digest", dataDigest)
        writer.optional("simulations", simulations)
        writer.key("defense")
        writer.string(defense)
        writer.optional("beta", beta)
        if let seed {
            writer.key("seed")
            writer.integer(seed)
        }
        writer.key("software_version")
        writer.string(softwareVersion)
        writer.optional("batch_size", batchSize)
        writer.optional("learning_rate", learningRate)
        writer.optional("validation_fraction", validationFraction)
        writer.optional("epochs", epochs)
        writer.optional("best_epoch", bestEpoch)
        writer.key("training_losses")
        writer.numbers(trainingLosses)
        writer.key("validation_losses")
        writer.numbers(validationLosses)
        writer.optional("duration_seconds", durationSeconds)
        writer.optional("weight_decay", weightDecay)
        writer.optional("learning_rate_schedule", learningRateSchedule)
        writer.optional("stop_reason", stopReason)
        if !members.isEmpty {
            writer.key("members")
            writer.beginArray()
            for member in members { member.write(to: &writer) }
            writer.endArray()
        }
        writer.endObject()
    }

    init(_ field: JSONField) throws(JSONFieldError) {
        let fields = try field.object()
        let counts = 0...Int.max
        var members: [MemberRecord] = []
        for member in try fields.optional("members")?.elements() ?? [] {
            members.append(try MemberRecord(member))
        }
        self.init(
            task: try fields.optional("task")?.string(),
            dataDigest: try fields.optional("data_digest")?.string(),
            simulations: try fields.optional("simulations")?.integer(in: counts),
            defense: try fields.required("defense", expected: "a string").string(),
            beta: try fields.optional("beta")?.double(),
            seed: try fields.optional("seed")?.integer(in: 0...UInt64.max),
            softwareVersion: try fields.required("software_version", expected: "a string")
                .string(),
            batchSize: try fields.optional("batch_size")?.integer(in: counts),
            learningRate: try fields.optional("learning_rate")?.double(),
            validationFraction: try fields.optional("validation_fraction")?.double(),
            epochs: try fields.optional("epochs")?.integer(in: counts),
            bestEpoch: try fields.optional("best_epoch")?.integer(in: counts),
            trainingLosses: try fields.optional("training_losses")?.doubles() ?? [],
            validationLosses: try fields.optional("validation_losses")?.doubles() ?? [],
            durationSeconds: try fields.optional("duration_seconds")?.double(),
            weightDecay: try fields.optional("weight_decay")?.double(),
            learningRateSchedule: try fields.optional("learning_rate_schedule")?.string(),
            stopReason: try fields.optional("stop_reason")?.string(),
            members: members
        )
    }
}

extension ModelSource {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("software")
        writer.string(software)
        writer.optional("estimator", estimator)
        writer.key("versions")
        writer.beginObject()
        for (name, version) in versions.sorted(by: { $0.key < $1.key }) {
            writer.key(name)
            writer.string(version)
        }
        writer.endObject()
        writer.key("amortized")
        if let isAmortized { writer.boolean(isAmortized) } else { writer.null() }
        writer.key("notes")
        writer.strings(notes)
        writer.endObject()
    }

    init(_ field: JSONField) throws(JSONFieldError) {
        let fields = try field.object()
        var versions: [String: String] = [:]
        if let list = fields.optional("versions") {
            _ = try list.object()
            for member in list.value.members {
                let entry = JSONField(member.value, path: "\(list.path).\(member.name.prefix(64))")
                versions[member.name] = try entry.string()
            }
        }
        self.init(
            software: try fields.required("software", expected: "a string").string(),
            estimator: try fields.optional("estimator")?.string(),
            versions: versions,
            isAmortized: try fields.optional("amortized")?.boolean(),
            notes: try fields.optional("notes")?.strings() ?? []
        )
    }
}

extension CalibrationSummary {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("observations")
        writer.integer(observations)
        writer.key("levels")
        writer.numbers(levels)
        writer.key("coverage")
        writer.numbers(coverage)
        writer.endObject()
    }

    init(_ field: JSONField) throws(JSONFieldError) {
        let fields = try field.object()
        let coverage = try fields.required("coverage", expected: "a list of numbers")
        self.init(
            observations: try fields.required("observations", expected: "an integer")
                .integer(in: 0...Int.max),
            levels: try fields.required("levels", expected: "a list of numbers").doubles(),
            coverage: try coverage.doubles()
        )
        guard levels.count == self.coverage.count else {
            throw coverage.mismatch("\(levels.count) numbers, one for each level")
        }
    }
}

extension JSONWriter {
    mutating func optional(_ name: String, _ value: String?) {
        guard let value else { return }
        key(name)
        string(value)
    }

    mutating func optional(_ name: String, _ value: Int?) {
        guard let value else { return }
        key(name)
        integer(value)
    }

    mutating func optional(_ name: String, _ value: Double?) {
        guard let value else { return }
        key(name)
        number(value)
    }
}
