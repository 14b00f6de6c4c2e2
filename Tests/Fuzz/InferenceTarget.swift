import Distributions
import Estimators
import HTTPMessages
import HTTPTypes
import ModelStore
import PosteriorAPI

/// A service with one small model of two parameters and three numbers.
private let service: PosteriorService? = {
    let posterior = try? Posterior(
        architecture: .flow(FlowArchitecture(transforms: [.elementwiseAffine])),
        prior: .diagonalNormal(mean: [0, 0], standardDeviation: [1, 1]),
        thetaDim: 2,
        xDim: 3,
        tensors: [
            "transforms.0.scale": Tensor(shape: [2], values: [2, 0.5]),
            "transforms.0.shift": Tensor(shape: [2], values: [-1, 3]),
            "standardization.theta_scale": Tensor(shape: [2], values: [1, 1]),
            "standardization.theta_shift": Tensor(shape: [2], values: [0, 0]),
            "standardization.x_mean": Tensor(shape: [3], values: [0, 0, 0]),
            "standardization.x_standard_deviation": Tensor(shape: [3], values: [1, 1, 1]),
        ]
    )
    guard let posterior else { return nil }
    let metadata = ModelMetadata(
        theta: VariableDescription(names: ["a", "b"]),
        x: VariableDescription(shape: [3])
    )
    var limits = ServiceLimits()
    limits.draws = 100
    limits.streamedDraws = 100
    limits.evaluations = 1000
    return PosteriorService(
        repository: ModelRepository(models: [
            .init(
                name: "m",
                version: 1,
                file: ModelFile(metadata: metadata, posterior: posterior)
            )
        ]),
        limits: limits
    )
}()

/// Sends a body to a call that the first byte chooses; the second is the length of the JSON.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzInference(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard let service, count > 2 else { return 0 }
    let body = Array(UnsafeBufferPointer(start: start + 2, count: count - 2))
    let isArray = start.pointee % 4 == 0
    var request = HTTPRequest(
        method: .post,
        scheme: "http",
        authority: "fuzz",
        path: isArray ? "/v1/models/m/sample?num_samples=3" : "/v2/models/m/infer"
    )
    if isArray { request.headerFields[.contentType] = "application/x-npy" }
    if start.pointee % 2 == 1, let name = HTTPField.Name("Inference-Header-Content-Length") {
        request.headerFields[name] = String(body.count - min(Int(start[1]), body.count))
    }
    let response = service.compute(
        AdmittedRequest(request, body: body, context: RequestContext(request, random: (1, 2))),
        idleWorkers: 0,
        cancellation: Cancellation()
    )
    precondition([200, 400, 413, 422].contains(response.head.status.code), "\(response.head)")
    return 0
}
