import HTTPMessages
import HTTPTypes

/// What a connection makes of bytes that arrive in pieces of a size: requests, refusals, the end.
private func outcomes(of input: UnsafeBufferPointer<UInt8>, pieceSize: Int) -> [String] {
    let now = MonotonicTime(nanoseconds: 1)
    let serializer = ResponseSerializer()
    var state = ConnectionState(limits: HTTPLimits(), at: now)
    var output: [UInt8] = []
    var found: [String] = []
    func respond(_ response: ServerResponse) {
        _ = state.respond(response, serializer: serializer, to: &output, at: now)
    }
    var start = 0
    while start < input.count {
        let end = min(input.count, start + pieceSize)
        let piece = Array(input[start..<end])
        state.receive(piece.span, at: now)
        start = end
        actions: while true {
            switch state.nextAction(at: now) {
            case .wait, .close: break actions
            case .admit(let head):
                if head.framing.hasBody {
                    state.readBody(limitBytes: 4_096, at: now)
                } else {
                    found.append("\(head.request)")
                    respond(ServerResponse(head: HTTPResponse(status: .ok)))
                }
            case .sendContinue: break
            case .compute(let request, let body):
                found.append("\(request) \(body)")
                respond(ServerResponse(head: HTTPResponse(status: .ok), body: body))
            case .refuse(let error):
                found.append("\(error)")
                respond(error.response)
            case .finishOutput: state.outputDrained(at: now)
            case .shutDownOutput: found.append("last")
            }
        }
    }
    return found
}

/// Feeds an input whole and in pieces; both have to mean the same.
///
/// The first byte is the size of the pieces.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequest(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let input = UnsafeBufferPointer(start: start + 1, count: count - 1)
    let whole = outcomes(of: input, pieceSize: .max)
    let pieces = outcomes(of: input, pieceSize: Int(start.pointee % 40) + 1)
    precondition(whole == pieces, "\(whole) is not \(pieces)")
    return 0
}
