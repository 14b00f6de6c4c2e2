import ContentCoding

private let limits: ContentDecoder.Limits = {
    var limits = ContentDecoder.Limits(bytes: 1 << 20)
    limits.ratio = 20
    limits.freeBytes = 1 << 16
    return limits
}()

/// What a stream expands to that is fed and emptied in small pieces; nil when it does not end well.
private func expanded(
    _ content: [UInt8],
    _ format: InflateStream.Format,
    feed: Int,
    room: Int
) -> [UInt8]? {
    guard var stream = InflateStream(format) else { return nil }
    var output: [UInt8] = []
    var slice = [UInt8](repeating: 0, count: room)
    var position = 0
    while output.count <= limits.bytes {
        let piece = Array(content[position..<min(content.count, position + feed)])
        let step = stream.inflate(piece, from: 0, into: &slice)
        precondition(step.consumed <= piece.count && step.produced <= room, "\(step)")
        position += step.consumed
        output += slice[..<step.produced]
        switch step.state {
        case .damaged: return nil
        case .ended: return position == content.count ? output : nil
        case .open: guard step.consumed + step.produced > 0 else { return nil }
        }
    }
    return nil
}

/// Compresses in pieces; that has to expand to the same again.
private func checkCompression(_ content: [UInt8], feed: Int) {
    guard var stream = GzipStream() else { return }
    var output: [UInt8] = []
    var position = 0
    repeat {
        let end = min(content.count, position + feed)
        stream.compress(
            Array(content[position..<end]),
            isLast: end == content.count,
            into: &output
        )
        position = end
    } while position < content.count
    let again = expanded(output, .gzip, feed: feed, room: 4_096)
    precondition(again == content, "\(content) is not \(again ?? [])")
}

/// Expands an input whole and in pieces; both have to lead to the same.
///
/// The first byte chooses the format, the second one the size of the pieces.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzGzip(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count >= 2 else { return 0 }
    let content = Array(UnsafeBufferPointer(start: start + 2, count: count - 2))
    let feed = Int(start[1] & 15) + 1
    let room = Int(start[1] >> 4) * 64 + 1
    if start.pointee % 4 == 3 {
        checkCompression(content, feed: feed)
        return 0
    }
    let isGzip = start.pointee % 4 > 0
    let decoder: ContentDecoder = isGzip ? .gzip : .deflate
    let pieces = expanded(content, isGzip ? .gzip : .zlib, feed: feed, room: room)
    do throws(ContentDecoder.Failure) {
        let whole = try decoder.decode(content, limits: limits)
        precondition(whole.count <= max(limits.freeBytes, content.count * limits.ratio))
        precondition(pieces == whole, "\(whole) is not \(pieces ?? [])")
    } catch {
        switch error {
        case .damaged, .truncated, .trailingBytes: precondition(pieces == nil, "\(error)")
        case .tooLong, .tooDense: break
        case .cancelled, .noMemory: preconditionFailure("\(error)")
        }
    }
    return 0
}
