import ModelStore

/// Reads a model file, which must be refused or be written again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzModel(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let file = try? ModelFile(bytes: input) else { return 0 }
    precondition((try? file.encoded()) != nil, "a model that was read cannot be written")
    return 0
}
