import Autodiff
import Kernels

/// A part of a model that has parameters, and what a model file calls them.
protocol ParameterizedPart: Sendable {
    /// The parameters and where they stand.
    var layout: ParameterLayout { get }

    /// The tensors a model file holds, in the file's order of units, and where each stands.
    var tensorPlaces: [TensorPlace] { get }

    /// Random initial weights; a function of the seed alone.
    func initialParameters(seed: UInt64) -> [Float]
}

/// Where the entries of one tensor of a model file stand among the parameters.
struct TensorPlace: Sendable {
    /// Name in the file.
    var name: String
    /// Shape in the file.
    var shape: [Int]
    /// The index of each of the file's entries, row-major; nil where the entry is masked away.
    var places: [Int?]
    /// Whether an entry that is not positive is refused.
    var isPositive = false
}

extension TensorPlace {
    /// A matrix whose rows and columns the estimator keeps in another order than the file.
    ///
    /// - Parameters:
    ///   - matrix: Where it stands.
    ///   - rowOrder: The file's row for each of ours; the same order when nil.
    ///   - columnOrder: The file's column for each of ours; the same order when nil.
    init(
        _ matrix: ParameterLayout.Matrix,
        rowOrder: [Int]? = nil,
        columnOrder: [Int]? = nil
    ) {
        name = matrix.name
        shape = [matrix.rows, matrix.columns]
        places = Array(repeating: nil, count: matrix.rows * matrix.columns)
        for row in 0..<matrix.rows {
            for column in matrix.rowExtents[row] {
                let fileRow = rowOrder?[row] ?? row
                let fileColumn = columnOrder?[column] ?? column
                places[fileRow * matrix.columns + fileColumn] =
                    matrix.offset + row * matrix.stride + column
            }
        }
    }

    /// A vector whose entries the estimator keeps in another order than the file.
    init(_ vector: ParameterLayout.Vector, order: [Int]? = nil) {
        name = vector.name
        shape = [vector.count]
        places = Array(repeating: nil, count: vector.count)
        for entry in 0..<vector.count { places[order?[entry] ?? entry] = vector.offset + entry }
    }
}

extension ParameterizedPart {
    /// The parameter vector of a file's tensors.
    ///
    /// - Throws: `EstimatorError` naming a tensor that is missing, of another shape, or not
    ///   finite.
    func parameters(from tensors: [String: Tensor]) throws(EstimatorError) -> [Float] {
        // Padding takes at most 16 times as much as the file holds: a small file that names a
        // large architecture is refused before any memory is taken.
        let available = tensors.values.reduce(0) { $0 + $1.values.count }
        guard layout.count / 64 <= available else {
            throw .invalidArchitecture(
                "the tensors hold \(available) numbers, too few for the architecture"
            )
        }
        var parameters = [Float](repeating: 0, count: layout.count)
        for place in tensorPlaces {
            let tensor = try tensors.required(place.name, shape: place.shape)
            if place.isPositive, let index = tensor.values.firstIndex(where: { $0 <= 0 }) {
                throw .nonPositiveWeight(tensor: place.name, index: index)
            }
            for (entry, index) in place.places.enumerated() {
                if let index { parameters[index] = tensor.values[entry] }
            }
        }
        return parameters
    }

    /// The tensors of a parameter vector; masked entries are zero.
    func tensors(of parameters: [Float]) -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        for place in tensorPlaces {
            let values = place.places.map { $0.map { parameters[$0] } ?? 0 }
            tensors[place.name] = Tensor(shape: place.shape, values: values)
        }
        return tensors
    }
}

extension ParameterLayout {
    /// Weights and biases uniform on ±1/√(inputs), as PyTorch's linear layers start.
    func uniformParameters(seed: UInt64) -> [Float] {
        var stream = RandomStream(seed: seed)
        var parameters = [Float](repeating: 0, count: count)
        for matrix in matrices {
            let bound = 1 / Double(matrix.columns).squareRoot()
            for row in 0..<matrix.rows {
                for column in matrix.rowExtents[row] {
                    parameters[matrix.offset + row * matrix.stride + column] =
                        Float((2 * stream.uniform() - 1) * bound)
                }
            }
            // The bias of a layer has the name of its weight but for the last word.
            let bias = matrix.name.dropLast("weight".count) + "bias"
            for vector in vectors where vector.name == bias {
                for entry in 0..<vector.count {
                    parameters[vector.offset + entry] = Float((2 * stream.uniform() - 1) * bound)
                }
            }
        }
        return parameters
    }
}

extension [String: Tensor] {
    /// The tensor of this name.
    ///
    /// - Throws: `EstimatorError` when it is missing, of another shape, or not finite.
    func required(_ name: String, shape: [Int]) throws(EstimatorError) -> Tensor {
        guard let tensor = self[name] else { throw .missingTensor(name: name) }
        guard tensor.shape == shape else {
            throw .wrongShape(name: name, expected: shape, found: tensor.shape)
        }
        if let index = tensor.values.firstIndex(where: { !$0.isFinite }) {
            throw .nonFiniteWeight(tensor: name, index: index)
        }
        return tensor
    }
}
