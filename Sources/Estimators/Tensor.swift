/// A named array of a model file: a shape and its values, row-major.
public struct Tensor: Sendable, Equatable {
    /// The extent of each axis; empty for a scalar.
    public let shape: [Int]
    /// The values, row-major; as many as the product of `shape`.
    public let values: [Float]

    /// Makes a tensor from its shape and row-major values.
    public init(shape: [Int], values: [Float]) {
        precondition(
            shape.reduce(1, *) == values.count,
            "a tensor of shape \(shape) cannot hold \(values.count) values"
        )
        self.shape = shape
        self.values = values
    }
}
