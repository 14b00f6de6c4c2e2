import StrictJSON

/// How one member of an ensemble was trained, where the members were trained one after the other.
public struct MemberRecord: Sendable, Equatable {
    /// The seed of its initial weights, split and batches.
    public var seed: UInt64
    /// The decoupled decay of its weights, in units of the learning rate.
    public var weightDecay: Double
    /// Number of epochs run.
    public var epochs: Int
    /// The epoch whose weights were kept, from 1.
    public var bestEpoch: Int
    /// Mean training loss of each epoch, in nats.
    public var trainingLosses: [Double]
    /// Mean validation loss of each epoch, in nats.
    public var validationLosses: [Double]
    /// Why its training ended, as in `TrainingRecord`.
    public var stopReason: String

    /// Makes a record from its parts.
    public init(
        seed: UInt64,
        weightDecay: Double,
        epochs: Int,
        bestEpoch: Int,
        trainingLosses: [Double],
        validationLosses: [Double],
        stopReason: String
    ) {
        self.seed = seed
        self.weightDecay = weightDecay
        self.epochs = epochs
        self.bestEpoch = bestEpoch
        self.trainingLosses = trainingLosses
        self.validationLosses = validationLosses
        self.stopReason = stopReason
    }
}

extension MemberRecord {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("seed")
        writer.integer(seed)
        writer.key("weight_decay")
        writer.number(weightDecay)
        writer.key("epochs")
        writer.integer(epochs)
        writer.key("best_epoch")
        writer.integer(bestEpoch)
        writer.key("training_losses")
        writer.numbers(trainingLosses)
        writer.key("validation_losses")
        writer.numbers(validationLosses)
        writer.key("stop_reason")
        writer.string(stopReason)
        writer.endObject()
    }

    init(_ field: JSONField) throws(JSONFieldError) {
        let fields = try field.object()
        let counts = 0...Int.max
        self.init(
            seed: try fields.required("seed", expected: "an integer").integer(in: 0...UInt64.max),
            weightDecay: try fields.required("weight_decay", expected: "a number").double(),
            epochs: try fields.required("epochs", expected: "an integer").integer(in: counts),
            bestEpoch: try fields.required("best_epoch", expected: "an integer")
                .integer(in: counts),
            trainingLosses: try fields.required("training_losses", expected: "a list of numbers")
                .doubles(),
            validationLosses:
                try fields
                .required("validation_losses", expected: "a list of numbers").doubles(),
            stopReason: try fields.required("stop_reason", expected: "a string").string()
        )
    }
}
